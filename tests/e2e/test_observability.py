"""A whole run, seen from its logs and its metrics."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from tests.e2e.conftest import running
from tests.support.backstage import Backstage
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.scraping import metrics, metrics_ports
from tests.support.seed import Seed, SeededProject
from tests.support.servers.redis import RedisServer
from tests.support.wheelyard import Wheelyard, start_distributed, start_embedded

from wheelyard_core.domain.access import Role
from wheelyard_core.domain.tokens import TokenKind, new_secret
from wheelyard_core.observability.heartbeat import OLDEST_SECONDS

pytestmark = pytest.mark.e2e

REDIS_PASSWORD = "redis-pass-word/with@signs"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def told(tmp_path: Path, pytestconfig: pytest.Config, stack: ExitStack) -> Wheelyard:
    """A registry that logs all it can."""
    return running(start_embedded(tmp_path, WHEELYARD_LOG_LEVEL="debug"), pytestconfig, stack)


def _secrets(seed: Seed, project: SeededProject) -> list[str]:
    """Return one secret of each kind and state, those that nobody issued too."""
    developer = seed.developer_token(project)
    return [
        developer,
        seed.project_token(project, Role.DEVELOPER),
        seed.deploy_token(project=project),
        seed.job_token(project),
        seed.revoked(seed.developer_token(project)),
        seed.expired(seed.developer_token(project)),
        *(new_secret(kind) for kind in TokenKind),
        developer[:-1] + "!",
        "glpat-somebody-else's-token-1",
        "correct horse battery staple",
    ]


def _ask(wheelyard: Wheelyard, method: str, path: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection(wheelyard.host, timeout=20)
    try:
        connection.request(method, path, b"nonsense" if method == "POST" else None, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def _channels(secret: str) -> Iterator[dict[str, str]]:
    for user in ("__token__", "gitlab-ci-token"):
        basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
        yield {"Authorization": f"Basic {basic}"}
    yield {"Authorization": f"Bearer {secret}"}
    yield {"Authorization": f"Unknown {secret}"}
    for name in ("PRIVATE-TOKEN", "DEPLOY-TOKEN", "JOB-TOKEN", "Cookie", "Proxy-Authorization"):
        yield {name: secret}


def _spellings(secret: str) -> set[str]:
    """Return every form in which a secret would be a secret still."""
    forms = {secret, quote(secret), quote(secret, safe="")}
    for user in ("__token__", "gitlab-ci-token"):
        forms.add(base64.b64encode(f"{user}:{secret}".encode()).decode())
    # Its body too: a prefix alone may stay, to tell what kind it was.
    return forms | {form[4:] for form in forms if form.startswith("wy")}


def _leaks(logs: str, secrets: list[str]) -> list[str]:
    return [form for secret in secrets for form in _spellings(secret) if form in logs]


@pytest.mark.slow
def test_no_secret_that_a_run_used_is_in_its_logs(told: Wheelyard, person: Person) -> None:
    with Backstage(told) as backstage:
        project = backstage.seed.project()
        secrets = _secrets(backstage.seed, project)
    base = f"/api/v4/projects/{project.id}/packages/pypi"
    good, wheel = secrets[0], ADistribution().wheel()
    refused = ADistribution(version="2.0", metadata="Metadata-Version: 2.1\n").wheel()
    for name, content in ((wheel.filename, wheel.content), (refused.filename, refused.content)):
        (person.home / name).write_bytes(content)
    url = f"{told.url}{base}"
    for secret in (good, secrets[4], secrets[6]):
        for name in (wheel.filename, refused.filename):
            options = ("--repository-url", url, "-u", "__token__", "-p", secret)
            person.twine("upload", *options, person.home / name)
        index = f"http://__token__:{quote(secret, safe='')}@{told.host}{base}/simple"
        person.pip("download", "--no-deps", "--index-url", index, "demo")
    for secret in secrets:
        for headers in _channels(secret):
            _ask(told, "GET", f"{base}/simple/demo/", headers)
            _ask(told, "POST", base, {**headers, "Content-Type": "multipart/form-data; boundary=x"})
        # In the address, where no secret belongs and people put them.
        named = quote(secret, safe="")
        _ask(told, "GET", f"{base}/simple/{named}/?private_token={named}", {})
        _ask(told, "GET", f"/{named}/simple/?access_token={named}", {})
    pepper = Path(told.settings["WHEELYARD_TOKEN_PEPPER_FILE"]).read_text()
    told.stop()

    logs = told.logs()
    assert _leaks(logs, [*secrets, told.token, told.admin_token, pepper]) == []
    assert logs.count('"http_request"') > 200


@pytest.mark.slow
def test_everything_that_services_print_is_an_event(told: Wheelyard, person: Person) -> None:
    wheel = ADistribution().wheel()
    (person.home / wheel.filename).write_bytes(wheel.content)
    options = ("--repository-url", told.upload_url, "-u", "__token__", "-p", told.token)
    person.twine("upload", *options, person.home / wheel.filename).succeeded()
    assert _ask(told, "GET", "/livez", {}) == 200
    assert _ask(told, "GET", "/readyz", {}) == 200
    told.stop()

    # What a machine that is slow tells a person.
    slow = "Preparing the database; after an update that may take a while."
    printed = told.logs().replace(slow, "")
    before, _, after = printed.partition("\nWheelyard serves on")
    # What a person reads stands between two empty lines at the left margin.
    rest = [line for line in after.splitlines() if line.startswith(("{", "W", "[", "T"))]
    events = [json.loads(line) for line in [*before.splitlines(), *rest] if line]
    assert {event["service"] for event in events} >= {"api", "worker", "scheduler", "standalone"}
    (request,) = [event for event in events if event["event"] == "http_request"]
    assert (request["status"], request["actor"]) == (201, "person")
    assert request["route"] == "/api/v4/projects/<path:reference>/packages/pypi"
    # Beside those that the scheduler promises, which are of no request.
    done = [event for event in events if event["event"] == "task_done" and event["request_id"]]
    assert {event["task"] for event in done} == {"verify", "index"}
    assert {event["request_id"] for event in done} == {request["request_id"]}


def _until(say: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not say():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def with_password(
    tmp_path: Path,
    pytestconfig: pytest.Config,
    start_redis: Callable[..., RedisServer],
    stack: ExitStack,
) -> tuple[Wheelyard, RedisServer]:
    """Services apart, over a Redis that asks for a password."""
    server = start_redis(options={"maxmemory-policy": "noeviction"})
    with server.client() as client:
        client.config_set("requirepass", REDIS_PASSWORD)
    url = server.url.replace("redis://", f"redis://:{quote(REDIS_PASSWORD, safe='')}@")
    settings = {
        "WHEELYARD_DATABASE_URL": f"sqlite:///{tmp_path}/w.db",
        "WHEELYARD_BLOBS_DIRECTORY": str(tmp_path / "blobs"),
        "WHEELYARD_BROKER_URL": url,
        "WHEELYARD_CACHE_URL": url.replace("/0", "/1"),
    }
    (tmp_path / "blobs").mkdir()
    started = start_distributed(tmp_path / "run", settings)
    return running(started, pytestconfig, stack), server


@pytest.mark.slow
def test_every_process_tells_the_commit_that_it_was_built_of(
    tmp_path: Path, pytestconfig: pytest.Config, stack: ExitStack
) -> None:
    started = start_embedded(tmp_path, WHEELYARD_REVISION="0a1b2c3d")
    wheelyard = running(started, pytestconfig, stack)

    for address in metrics_ports(wheelyard).values():
        (build,) = (one for one in metrics(address) if one.startswith("wheelyard_build_info"))
        assert 'revision="0a1b2c3d"' in build


@pytest.mark.slow
def test_an_outage_of_the_broker_stops_no_heartbeat_and_tells_no_password(
    with_password: tuple[Wheelyard, RedisServer], person: Person
) -> None:
    wheelyard, server = with_password
    heartbeat = 'wheelyard_worker_heartbeat_timestamp_seconds{queue="verify"}'
    success = 'wheelyard_tasks_total{outcome="success",task="verify"}'
    wheel = ADistribution().wheel()
    (person.home / wheel.filename).write_bytes(wheel.content)
    options = ("--repository-url", wheelyard.upload_url, "-u", "__token__", "-p", wheelyard.token)
    person.twine("upload", *options, person.home / wheel.filename).succeeded()
    ports = metrics_ports(wheelyard)
    accepted = 'wheelyard_uploads_total{filetype="bdist_wheel",result="accepted"}'
    # Counted by a child, shown by its parent; and each counts when it has done its part, while
    # another one may have answered twine.
    _until(lambda: metrics(ports["worker"]).get(success) == 1, 30)
    _until(lambda: metrics(ports["standalone"]).get(accepted) == 1, 30)
    _until(lambda: metrics(ports["scheduler"])["wheelyard_outbox_pending"] == 0, 30)

    server.kill()
    time.sleep(1)
    stopped = time.time()
    _until(lambda: metrics(ports["worker"])[heartbeat] > stopped + 8, OLDEST_SECONDS / 2)

    with urlopen(f"{ports['worker']}/livez", timeout=5) as response:
        assert response.status == 200
    with pytest.raises(OSError, match="503"):
        urlopen(f"{ports['worker']}/healthz", timeout=20)
    assert _ask(wheelyard, "GET", "/readyz", {}) == 200
    wheelyard.stop()
    logs = wheelyard.logs()
    assert "broker_away" in logs
    assert _leaks(logs, [REDIS_PASSWORD, wheelyard.token]) == []
    assert not re.search(r"redis://[^\s\"]*@(?<!\[redacted\]@)", logs)
