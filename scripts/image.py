"""Build the image; leave its bill of materials in build/; with --twice, build it again and compare.

Usage: scripts/images [--twice] [--tag TAG]
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).parent.parent
NAME = "wheelyard/wheelyard"
SBOM = "/usr/share/doc/wheelyard/sbom.cdx.json"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/images", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--twice", action="store_true", help="build it again, and compare the two")
    parser.add_argument("--tag", default=version(), help="instead of the version")
    asked = parser.parse_args(arguments)
    image = f"{NAME}:{asked.tag}"
    build(image)
    run("docker", "tag", image, f"{NAME}:latest")
    sbom = _ROOT / "build" / "sbom.cdx.json"
    sbom.parent.mkdir(exist_ok=True)
    sbom.write_bytes(run("docker", "run", "--rm", "--entrypoint=cat", image, SBOM))
    parts = len(json.loads(sbom.read_text())["components"])
    print(f"{image}: {inspect(image)['Size'] / 1e6:.0f} MB, {parts} Python packages in {sbom}")
    return _compare(image) if asked.twice else 0


def version() -> str:
    """Return the version that the image's own packages have."""
    project = tomllib.loads((_ROOT / "libs/core/pyproject.toml").read_text())["project"]
    return str(project["version"])


def build(image: str, *options: str) -> None:
    """Build it from this folder, labelled with the commit."""
    labels = {
        "VERSION": version(),
        "REVISION": run("git", "rev-parse", "HEAD").decode().strip(),
        # What newer builders give the image as its own time, and that of its history.
        "SOURCE_DATE_EPOCH": run("git", "log", "-1", "--format=%ct").decode().strip(),
    }
    arguments = [f"--build-arg={name}={value}" for name, value in labels.items()]
    network = os.environ.get("WHEELYARD_BUILD_NETWORK", "default")  # noqa: TID251  a program's own
    named = ("--tag", image, f"--network={network}")
    run("docker", "build", *named, *arguments, *options, ".", into=sys.stderr.fileno())


def _compare(image: str) -> int:
    """Build it again from nothing; 1 where a file of the two differs, or their configuration."""
    again = f"{NAME}:again"
    build(again, "--no-cache")
    first, second = inspect(image), inspect(again)
    if first["Id"] == second["Id"]:
        print(f"The second build is the same image: {first['Id']}")
        return 0
    # The classic builder notes there which image of its own a step began with.
    for found in (first, second):
        found["Config"].pop("Image", None)
    differing = [key for key in ("RootFS", "Config") if first[key] != second[key]]
    if not differing:
        print(
            f"The second build has the same layers and configuration; the two ids differ by the "
            f"time at which this engine built them: {first['Created']} and {second['Created']}."
        )
        print("\n".join(first["RootFS"]["Layers"]))
        return 0
    print(f"The second build differs: {', '.join(differing)}")
    told = dict(first["Config"]), dict(second["Config"])
    held = (dict(files(image)), dict(files(again))) if "RootFS" in differing else ({}, {})
    for line in (*differences(*told), *differences(*held)):
        print(f"  {line}")
    return 1


def differences(first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    """Yield a line for whatever of two images is not the same in both."""
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            yield f"{name}: {first.get(name, 'is not there')} | {second.get(name, 'is not there')}"


def files(image: str) -> Iterator[tuple[str, str]]:
    """Yield what each layer's archive says of each file: its attributes and a digest."""
    with tempfile.TemporaryFile() as saved:
        run("docker", "save", image, into=saved)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as outer:
            (manifest,) = json.load(_member(outer, "manifest.json"))
            for number, path in enumerate(manifest["Layers"]):
                with tarfile.open(fileobj=_member(outer, path)) as layer:
                    for member in layer:
                        yield f"{number}/{member.name}", _described(layer, member)


def _described(layer: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = layer.extractfile(member) if member.isreg() else None
    digest = hashlib.sha256(file.read()).hexdigest()[:12] if file else member.linkname
    return f"{member.mode:o} {member.uid}:{member.gid} {member.mtime:.0f} {member.size} {digest}"


def _member(archive: tarfile.TarFile, path: str) -> Any:
    file = archive.extractfile(path)
    assert file is not None, path
    return file


def inspect(image: str) -> dict[str, Any]:
    (found,) = json.loads(run("docker", "image", "inspect", image))
    return dict(found)


def run(*command: str, into: IO[bytes] | int = subprocess.PIPE) -> bytes:
    """Return what a program prints; raise when it fails."""
    done = subprocess.run(command, cwd=_ROOT, stdout=into, check=True)
    return done.stdout or b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
