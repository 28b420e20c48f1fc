"""Files with secrets: for their owner's eyes from their first byte on, and whole or not there."""

import os
from pathlib import Path


def write_secret(file: Path, content: str) -> None:
    """Write or replace the file; it has outlived a power failure when this returns."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    with new.open("w", encoding="utf-8") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
