"""The tiny wheel that `wheelyard-admin smoke` publishes, and its installation."""

import hashlib
import io
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Nobody else publishes under it: it is in a project of its own, which only administrators see.
PACKAGE: Final = "wheelyard-smoke"
_MODULE: Final = "wheelyard_smoke"
_IMPORT_SECONDS: Final = 30


class BrokenWheel(Exception):
    """What is wrong with the bytes that came back, as a sentence."""


@dataclass(frozen=True, slots=True)
class TinyWheel:
    """A wheel with one module, which knows its version."""

    version: str

    @property
    def filename(self) -> str:
        """Its name."""
        return f"{_MODULE}-{self.version}-py3-none-any.whl"

    def content(self) -> bytes:
        """Return its bytes, the same each time."""
        info = f"{_MODULE}-{self.version}.dist-info"
        members = {
            f"{_MODULE}.py": f'VERSION = "{self.version}"\n',
            f"{info}/METADATA": "Metadata-Version: 2.1\n"
            f"Name: {PACKAGE}\nVersion: {self.version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: wheelyard\n"
            "Root-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{name},{_digest(text)},{len(text)}\n" for name, text in members.items())
        members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in members.items():
                archive.writestr(zipfile.ZipInfo(name), text)
        return buffer.getvalue()

    def install(self, content: bytes, sha256: str, folder: Path) -> None:
        """Put the bytes into *folder*, if they are those of the digest, and import the module."""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BrokenWheel("The file is not that of the digest on its page.")
        wheel = folder / self.filename
        wheel.write_bytes(content)
        # A pure wheel can be imported as it is.
        program = (
            f"import sys; sys.path.insert(0, sys.argv[1]); import {_MODULE} as m; print(m.VERSION)"
        )
        done = subprocess.run(  # noqa: S603  our own interpreter and our own program
            [sys.executable, "-I", "-c", program, str(wheel)],
            capture_output=True,
            text=True,
            timeout=_IMPORT_SECONDS,
            check=False,
        )
        if done.stdout.strip() != self.version:
            raise BrokenWheel(f"It cannot be imported: {done.stderr.strip()[-300:]}")


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"sha256={urlsafe_b64encode(raw).decode().rstrip('=')}"
