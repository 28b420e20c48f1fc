"""docker-compose.yml as people start it: publish, install, kill each container, find it all again.

Not part of `make test`: it needs a container engine and minutes. `make compose-test` runs it.
"""

import base64
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.clients import Person
from tests.support.compose import Stack, run
from tests.support.distributions import ADistribution

pytestmark = [pytest.mark.compose, pytest.mark.timeout(300)]

REPLICATED = ["api-1", "api-2", "indexer-1", "indexer-2", "worker-1", "worker-2"]
SINGLE = [
    "gateway-1",
    "index-worker-1",
    "scheduler-1",
    "postgres-1",
    "redis-broker-1",
    "redis-cache-1",
    "minio-1",
    "prometheus-1",
]
ROOT = Path(__file__).parents[2]
SBOM = "/usr/share/doc/wheelyard/sbom.cdx.json"
IN_THE_IMAGE = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}
ONCE = ["secrets-1", "migrate-1"]
# What the issue allows from a failure to the next success.
SETTLED_SECONDS = 60.0


@dataclass
class Yard:
    """The stack, somebody who publishes to it, and what was published so far."""

    stack: Stack
    person: Person
    # What is said in the end.
    figures: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    token: str = field(default="", repr=False)

    @property
    def upload_url(self) -> str:
        return f"{self.stack.url}/api/v4/projects/demo%2Ffirst/packages/pypi"

    @property
    def index_url(self) -> str:
        host = self.stack.url.removeprefix("http://")
        return f"http://__token__:{self.token}@{host}/api/v4/projects/1/packages/pypi/simple"

    def wheel(self) -> Path:
        """Write the next version of the package."""
        built = ADistribution().named("demo-pkg", f"1.{len(self.published)}").wheel()
        file = self.person.home / built.filename
        file.write_bytes(built.content)
        return file

    def publish(self) -> float:
        """Publish the next version, trying as a person would; return how long it took."""
        began, file = time.monotonic(), self.wheel()
        while True:
            upload = self.person.twine(
                "upload", "--repository-url", self.upload_url, file, env=self.twine
            )
            if upload.code == 0:
                break
            assert time.monotonic() - began < SETTLED_SECONDS, upload.output
            time.sleep(0.5)
        self.published.append(file.name)
        return time.monotonic() - began

    @property
    def twine(self) -> dict[str, str]:
        return {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": self.token}

    def listed(self) -> set[str]:
        """Return the files on the package's page."""
        secret = base64.b64encode(f"__token__:{self.token}".encode()).decode()
        request = Request(f"{self.upload_url}/simple/demo-pkg/")
        request.add_header("Authorization", f"Basic {secret}")
        request.add_header("Accept", "application/vnd.pypi.simple.v1+json")
        with urlopen(request, timeout=20) as response:
            page: dict[str, list[dict[str, str]]] = json.load(response)
        return {file["filename"] for file in page["files"]}

    def install(self, version: str = "1.0") -> None:
        """Install one version with pip, into a folder that is new."""
        folder = self.person.home / "installed"
        shutil.rmtree(folder, ignore_errors=True)
        options = ("--no-deps", "--target", folder, "--index-url", self.index_url)
        self.person.pip("install", *options, f"demo-pkg=={version}").succeeded()
        assert (folder / "demo_pkg").exists() or (folder / "demo_pkg.py").exists()

    def finds_everything_again(self) -> float:
        """Publish, and find that and all there was; return how long that took.

        An upload whose verdict takes longer than eight seconds is a success before it is listed.
        """
        began = time.monotonic()
        self.publish()
        while self.listed() != set(self.published):
            assert time.monotonic() - began < SETTLED_SECONDS, self.listed()
            time.sleep(0.2)
        seconds = time.monotonic() - began
        self.install()
        self.install(f"1.{len(self.published) - 1}")
        return seconds

    def say(self, line: str) -> None:
        self.figures.append(line)


@pytest.fixture(scope="module")
def yard(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, empty_index: str
) -> Iterator[Yard]:
    stack = Stack()
    yard = Yard(stack, Person(tmp_path_factory.mktemp("home"), empty_index))
    try:
        began = time.monotonic()
        stack.up("--build")
        yard.say(f"up --build --wait: {time.monotonic() - began:.0f} s")
        yard.token = stack.credentials()["WHEELYARD_TOKEN"]
        yield yard
    finally:
        stack.down("--volumes")
        _show(pytestconfig, yard.figures)


def _show(config: pytest.Config, lines: list[str]) -> None:
    capture = config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        sys.stdout.write("\n" + "".join(f"  {line}\n" for line in lines))


def test_everything_runs_and_may_do_nothing_more(yard: Yard) -> None:
    containers = yard.stack.containers()

    assert sorted(containers) == sorted([*REPLICATED, *SINGLE, *ONCE])
    for name, container in containers.items():
        found = yard.stack.inspect(container)
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        # Nothing writes into a person's home, not even for a moment.
        in_memory = host.get("Tmpfs") or {}
        assert not any(path.startswith(("/root", "/home")) for path in in_memory), name
        assert name in ONCE or yard.stack.is_healthy(container), name
        if found["Config"]["Image"].startswith("wheelyard/"):
            assert found["Config"]["Image"] == "wheelyard/wheelyard"
            assert found["Config"]["User"] == "10001:10001"
            assert found["Config"]["StopSignal"] == "SIGTERM"


def test_the_image_lists_what_is_in_it(yard: Yard) -> None:
    listed = json.loads(yard.stack.compose("exec", "-T", "api", "cat", SBOM))
    found = {canonicalize_name(one["name"]): one["version"] for one in listed["components"]}

    locked = (ROOT / "requirements" / "runtime.lock").read_text()
    wanted = {}
    for line in re.findall(r"^\w.*(?= \\$)", locked, re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(IN_THE_IMAGE):
            (version,) = requirement.specifier
            wanted[canonicalize_name(requirement.name)] = version.version
    own = {f"wheelyard-{part}" for part in ("core", "web", "api", "indexer", "worker")}
    assert {name: version for name, version in found.items() if name not in own} == wanted
    assert own <= set(found)


def test_the_credentials_are_those_of_the_contract(yard: Yard) -> None:
    found = yard.stack.credentials()

    assert found["WHEELYARD_URL"] == yard.stack.url
    assert found["WHEELYARD_PROJECT_ID"] == "1"
    assert found["WHEELYARD_ADMIN_TOKEN"].startswith("wyp_")
    assert found["WHEELYARD_TOKEN"].startswith("wyp_")


def test_twine_and_uv_publish_and_pip_and_uv_install(yard: Yard) -> None:
    yard.say(f"twine upload: {yard.publish():.1f} s")
    second = yard.wheel()
    yard.person.uv(
        "publish", "--publish-url", yard.upload_url, "-u", "__token__", "-p", yard.token, second
    ).succeeded()
    yard.published.append(second.name)

    environment = yard.person.environment()
    yard.install("1.0")
    environment.uv_pip("install", "--index-url", yard.index_url, "demo-pkg==1.1").succeeded()

    assert yard.listed() == set(yard.published)


def test_twine_prints_why_a_file_was_refused(yard: Yard) -> None:
    built = ADistribution().named("demo-pkg", "9").with_member("../evil.py").wheel()
    file = yard.person.home / built.filename
    file.write_bytes(built.content)

    upload = yard.person.twine("upload", "--repository-url", yard.upload_url, file, env=yard.twine)

    assert "../evil.py" in upload.failed().output


def test_prometheus_reaches_every_target(yard: Yard) -> None:
    address = yard.stack.published_port("prometheus", 9090)
    expected = {
        "api": 2, "indexer": 2, "index-worker": 1, "worker": 2, "scheduler": 1, "gateway": 1,
        "minio": 1, "prometheus": 1,
    }  # fmt: skip
    deadline = time.monotonic() + 60
    while (up := _targets_up(address)) != expected and time.monotonic() < deadline:
        time.sleep(1)

    assert up == expected


@pytest.mark.parametrize("name", [*REPLICATED, *SINGLE])
def test_everything_is_found_again_after_a_container_was_killed(yard: Yard, name: str) -> None:
    container = yard.stack.containers()[name]
    yard.stack.kill(container)
    without = "-"
    if name in REPLICATED:
        without = f"{yard.publish():.1f}"
    yard.stack.start(container)

    seconds = yard.finds_everything_again()

    yard.stack.wait_until_healthy(container)
    yard.say(
        f"{name} killed: published without it {without} s, listed {seconds:.1f} s after its start"
    )


@pytest.mark.parametrize("name", [one for one in [*REPLICATED, *SINGLE] if not one.endswith("-2")])
def test_a_container_that_crashes_comes_back_by_itself(yard: Yard, name: str) -> None:
    container = yard.stack.containers()[name]
    before = yard.stack.inspect(container)["RestartCount"]
    if not yard.stack.crash(container):
        pytest.skip("the engine's processes are not on this machine")

    seconds = yard.finds_everything_again()

    yard.stack.wait_until_healthy(container)
    assert yard.stack.inspect(container)["RestartCount"] > before
    yard.say(f"{name} crashed: published and listed after {seconds:.1f} s")


def test_all_of_it_stops_and_a_second_start_finds_all_data(yard: Yard) -> None:
    before = yard.stack.credentials()
    began = time.monotonic()
    yard.stack.down()
    stopped = time.monotonic()
    yard.stack.up()

    assert yard.stack.credentials() == before
    yard.finds_everything_again()
    yard.say(f"down: {stopped - began:.0f} s")


def test_no_secret_is_in_any_log(yard: Yard) -> None:
    names = (
        "token-pepper",
        "database-password",
        "s3-access-key",
        "s3-secret-key",
        "broker-password",
        "cache-password",
    )
    volume = f"--volume={yard.stack.project}_secrets:/secrets:ro"
    files = [f"/secrets/{name}" for name in names]
    secrets = run("docker", "run", "--rm", "--entrypoint=cat", volume, "postgres:17", *files)
    found = [secrets[start : start + 64] for start in range(0, len(names) * 64, 64)]
    assert len(set(found)) == len(names)

    logs = yard.stack.logs()

    assert [one for one in [*found, yard.token] if one in logs] == []


def _targets_up(address: str) -> dict[str, int]:
    with urlopen(f"http://{address}/api/v1/targets?state=active", timeout=10) as response:
        targets = json.load(response)["data"]["activeTargets"]
    up: dict[str, int] = {}
    for target in targets:
        if target["health"] == "up":
            name = target["labels"].get("host", target["labels"]["job"])
            up[name] = up.get(name, 0) + 1
    return up
