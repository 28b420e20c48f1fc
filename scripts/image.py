"""Build the image; leave its bill of materials in build/; with --twice, build it again and compare.

Usage: scripts/images [--twice] [--tag TAG]
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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
    """Build it from this folder, labelled with the commit and its time."""
    epoch = run("git", "log", "-1", "--format=%ct").decode().strip()
    labels = {
        "VERSION": version(),
        "REVISION": run("git", "rev-parse", "HEAD").decode().strip(),
        "SOURCE_DATE_EPOCH": epoch,
    }
    arguments = [f"--build-arg={name}={value}" for name, value in labels.items()]
    network = os.environ.get("WHEELYARD_BUILD_NETWORK", "default")  # noqa: TID251  a program's own
    named = ("--tag", image, f"--network={network}")
    run("docker", "build", *named, *arguments, *options, ".", into=sys.stderr.fileno())
    _set_time(image, datetime.fromtimestamp(int(epoch), UTC))


def _set_time(image: str, time: datetime) -> None:
    """Give an image the time that it was to be built with; older builders write the clock's.

    Its layers stay in the engine: an archive of a configuration alone is a new image of the same.
    """
    built = inspect(image)
    if built["Created"] == told(time):
        return
    wanted = reproducible(_configuration(image), time)
    layers = [f"{digest}.tar" for digest in wanted["rootfs"]["diff_ids"]]
    manifest = [{"Config": "config.json", "RepoTags": [image], "Layers": layers}]
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as outer:
            for name, value in (("config.json", wanted), ("manifest.json", manifest)):
                content = json.dumps(value, sort_keys=True).encode()
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                outer.addfile(entry, io.BytesIO(content))
        archive.seek(0)
        run("docker", "load", "--quiet", given=archive)
    if not inspect(built["Id"])["RepoTags"]:
        run("docker", "image", "rm", "--no-prune", built["Id"])


def reproducible(configuration: dict[str, Any], time: datetime) -> dict[str, Any]:
    """Return an image's configuration with a time in place of when and by what it was built.

    Source: the image specification of OCI, "Image Configuration".
    """
    # The classic builder notes there what it ran, and which image of its own a step began with.
    own = {"container", "container_config"}
    kept = {key: value for key, value in configuration.items() if key not in own}
    # A step from a cache can be older than the commit: this time, and not "at most this time".
    return kept | {
        "created": told(time),
        "history": [step | {"created": told(time)} for step in kept["history"]],
        "config": {key: value for key, value in kept["config"].items() if key != "Image"},
    }


def told(time: datetime) -> str:
    """Return a time in UTC as an image tells it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _configuration(image: str) -> dict[str, Any]:
    with _saved(image) as outer:
        (manifest,) = json.load(_member(outer, "manifest.json"))
        return dict(json.load(_member(outer, manifest["Config"])))


@contextmanager
def _saved(image: str) -> Iterator[tarfile.TarFile]:
    with tempfile.TemporaryFile() as saved:
        run("docker", "save", image, into=saved)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as outer:
            yield outer


def _compare(image: str) -> int:
    """Build it again from nothing; 1 where it is not the same image."""
    again = f"{NAME}:again"
    build(again, "--no-cache")
    first, second = inspect(image), inspect(again)
    if first["Id"] == second["Id"]:
        print(f"The second build is the same image: {first['Id']}")
        return 0
    differing = [key for key in ("RootFS", "Config") if first[key] != second[key]]
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
    with _saved(image) as outer:
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


def run(
    *command: str, into: IO[bytes] | int = subprocess.PIPE, given: IO[bytes] | None = None
) -> bytes:
    """Return what a program prints; raise when it fails."""
    done = subprocess.run(command, cwd=_ROOT, stdin=given, stdout=into, check=True)
    return done.stdout or b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
