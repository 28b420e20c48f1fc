"""`make demo`: real distributions from the public index, through Wheelyard, into an application.

Wheelyard is started here unless WHEELYARD_URL, WHEELYARD_TOKEN and WHEELYARD_PROJECT_ID name one
that runs. The public index is asked once; everything after that is between this machine and
Wheelyard.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from scripts.demo.distributions import Distribution, fetch, tampered
from scripts.demo.registry import Registry
from scripts.demo.story import Wrong, expect, step, table
from tests.support.clients import Environment, Person
from tests.support.wheelyard import start_embedded

Named: TypeAlias = Callable[[str], str | None]

# Nobody listens there: whatever is not in Wheelyard cannot be had.
_NOWHERE = "http://127.0.0.1:9/simple"
_WANTED = ("flask", "httpie")
_APPLICATION = """
import subprocess, sys
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

app = Flask("demo")
app.get("/")(lambda: {"served by": "flask"})
server = make_server("127.0.0.1", 0, app)
Thread(target=server.serve_forever, daemon=True).start()
http = Path(sys.executable).with_name("http")
asked = [http, "--ignore-stdin", "--body", f"http://127.0.0.1:{server.server_port}/"]
print(subprocess.run(asked, check=True, capture_output=True, text=True, timeout=30).stdout)
server.shutdown()
"""


def main() -> int:
    """Tell the story; 1 when anything in it went wrong."""
    # So that a terminated demonstration stops what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = os.environ  # noqa: TID251  this is the entry point
    cache = Path(machine.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wheelyard" / "demo"
    try:
        with step("fetch real distributions") as fetching:
            files = fetch(cache)
            fetching.tell(f"{len(files)} in {cache}")
        began = monotonic()
        # A short name: pip's and uv's environments below it have long ones.
        with (
            tempfile.TemporaryDirectory(prefix="wy-demo-") as folder,
            _registry(Path(folder), machine.get) as registry,
        ):
            _tell(registry, files, Path(folder))
    except (Wrong, AssertionError, OSError, subprocess.SubprocessError) as wrong:
        print(f"\nIt did not work: {wrong}", file=sys.stderr)
        return 1
    print(f"\n  It worked; {monotonic() - began:.0f} s after the downloads.")
    return 0


@contextmanager
def _registry(folder: Path, named: Named) -> Iterator[Registry]:
    url, token, project = (named(f"WHEELYARD_{it}") for it in ("URL", "TOKEN", "PROJECT_ID"))
    if url and token and project:
        yield Registry(url.rstrip("/"), project, token)
        return
    with step("start Wheelyard") as starting:
        started = start_embedded(folder / "wheelyard")
        starting.tell(started.url)
    try:
        yield Registry(started.url, str(started.project_id), started.token)
    finally:
        with step("stop Wheelyard"):
            started.stop()


def _tell(registry: Registry, files: list[Distribution], folder: Path) -> None:
    person = Person(folder / "home", _NOWHERE)
    person.home.mkdir()
    good = [file for file in files if not file.is_refused]
    small, big = [f for f in good if not f.is_big], [f for f in good if f.is_big]
    with step("twine upload") as publishing:
        _publish(person, registry, small)
        publishing.tell(f"{len(small)} files, {_megabytes(small)}")
    with step("twine upload of the big one") as publishing:
        _publish(person, registry, big)
        publishing.tell(f"{big[0].filename}, {_megabytes(big)}")
    _be_refused(person, registry, next(file for file in files if file.is_refused))
    _be_caught(person, registry, tampered(small[0], person.home))
    with step("compare every byte") as comparing:
        rows = [registry.compare(file) for file in good]
        comparing.tell(f"{len(rows)} files and their .metadata")
    requirements = _lock(person, registry, folder / "requirements.txt")
    _install_with_pip(person, registry, requirements)
    _install_with_uv(person, registry, requirements)
    with step("twine upload again") as publishing:
        _publish(person, registry, small)
        publishing.tell("the same bytes are a success")
    print()
    table([("file", "kind", "metadata", "bytes", "shown by Wheelyard"), *rows])


def _publish(person: Person, registry: Registry, files: list[Distribution]) -> None:
    person.twine(
        "upload",
        "--repository-url",
        registry.upload_url,
        *(file.path for file in files),
        env=registry.twine_environment,
    ).succeeded()


def _be_refused(person: Person, registry: Registry, old: Distribution) -> None:
    """Publish a wheel of metadata 2.0, which twine would not even send."""
    with step("uv publish of metadata 2.0") as refusing:
        done = person.uv(
            *("publish", "--publish-url", registry.upload_url, "-u", "__token__"),
            *("-p", registry.token, old.path),
        ).failed()
        refusing.tell(_told(done.output, "2.0"))


def _be_caught(person: Person, registry: Registry, tampered: Path) -> None:
    """Publish a wheel that was changed after it was built."""
    with step("twine upload of a tampered wheel") as refusing:
        done = person.twine(
            *("upload", "--repository-url", registry.upload_url, tampered),
            env=registry.twine_environment,
        ).failed()
        refusing.tell(_told(done.output, "RECORD"))


def _told(output: str, word: str) -> str:
    """Return the line in which a client told why the registry refused a file."""
    lines = [line.strip() for line in output.splitlines()]
    told = [line for line in lines if word in line]
    expect(told and "400" in output, f"nothing was printed about {word}:\n{output}")
    return f"refused, as it must be, and this was printed:\n{'':11}{told[-1]}"


def _lock(person: Person, registry: Registry, file: Path) -> Path:
    """Have pip resolve the application against Wheelyard, and write the hashes that it saw."""
    with step("pip resolves, hashes are written") as locking:
        report = file.with_suffix(".json")
        environment = person.environment("resolver")
        environment.pip(
            "install",
            "--dry-run",
            "--quiet",
            "--report",
            report,
            "--index-url",
            registry.index_url,
            *_WANTED,
        ).succeeded()
        lines = registry.locked(report.read_text())
        file.write_text("\n".join(lines) + "\n")
        locking.tell(f"{len(lines)} requirements")
    return file


def _install_with_pip(person: Person, registry: Registry, requirements: Path) -> None:
    with step("pip install --require-hashes") as installing:
        environment = person.environment("with-pip")
        environment.pip(
            "install",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--index-url",
            registry.index_url,
            "-r",
            requirements,
        ).succeeded()
        installing.tell(_run(environment))


def _install_with_uv(person: Person, registry: Registry, requirements: Path) -> None:
    with step("uv pip install --require-hashes") as installing:
        environment = person.environment("with-uv")
        environment.uv_pip(
            "install", "--require-hashes", "--index-url", registry.index_url, "-r", requirements
        ).succeeded()
        installing.tell(_run(environment))


def _run(environment: Environment) -> str:
    """Have httpie ask what flask serves."""
    answer = environment.says(_APPLICATION).splitlines()[-1]
    expect(answer == '{"served by":"flask"}', f"the application said {answer!r}")
    return f"httpie asked flask and got {answer}"


def _megabytes(files: list[Distribution]) -> str:
    return f"{sum(file.size for file in files) / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
