"""The gateway's pod: a real nginx with the variables of its container."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.chart import Rendered
from tests.support.forms import ask
from tests.support.gateway import Gateway, find_nginx
from tests.support.recorder import Recorder, answers
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without

pytestmark = pytest.mark.integration

_PYPI = "/api/v4/projects/1/packages/pypi"
# What only a cluster has: the names of Services, and the ports of a pod.
_OF_CLUSTERS = ("ADDRESS", "LISTEN", "OUTPUT_DIR")


@pytest.fixture
def stage(
    machine: Machine, examples: dict[str, Rendered], tmp_path: Path
) -> Iterator[tuple[Gateway, Recorder, Recorder]]:
    try:
        nginx = find_nginx(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)
    deployment = examples["default"].of("Deployment")["gateway"]
    variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    filled = {
        one["name"]: one["value"] for one in variables if not one["name"].endswith(_OF_CLUSTERS)
    }
    with ExitStack() as stack:
        api, indexer = (stack.enter_context(Recorder(answers(name))) for name in ("api", "indexer"))
        gateway = Gateway(nginx, tmp_path / "nginx", api.address, indexer.address, filled=filled)
        yield stack.enter_context(gateway), api, indexer


def test_the_pod_sends_uploads_to_the_api_and_reads_to_the_indexer(
    stage: tuple[Gateway, Recorder, Recorder],
) -> None:
    gateway, api, indexer = stage

    ask("POST", f"{gateway.url}{_PYPI}", b"wheel")
    ask("GET", f"{gateway.url}{_PYPI}/simple/demo/")
    ask("GET", f"{gateway.url}/team/app/files/00ff/demo-1.0.tar.gz")

    assert [(one.method, one.target) for one in api.received] == [("POST", _PYPI)]
    assert [one.target for one in indexer.received] == [
        f"{_PYPI}/simple/demo/",
        "/team/app/files/00ff/demo-1.0.tar.gz",
    ]


def test_a_service_without_pods_is_told_as_an_outage(
    stage: tuple[Gateway, Recorder, Recorder],
) -> None:
    gateway, api, _ = stage
    api.__exit__()

    answer = ask("GET", f"{gateway.url}/api/v4/projects")

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    api.__enter__()


def test_the_pod_takes_large_files_over_where_that_is_configured(
    examples: dict[str, Rendered],
) -> None:
    told = {}
    for name in ("default", "dev"):
        deployment = examples[name].of("Deployment")["gateway"]
        variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
        found = {one["name"]: one["value"] for one in variables}
        told[name] = (found["GATEWAY_TAKES_OVER"], found["GATEWAY_BLOBS_ADDRESS"])

    assert told["default"] == ("", "127.0.0.1:9")
    assert told["dev"] == ("X-Accel-Redirect", "yard-wheelyard-dev-object-storage:9000")


def test_the_gateway_takes_as_much_memory_on_a_large_node_as_on_a_small_one(
    examples: dict[str, Rendered],
) -> None:
    main = examples["default"].of("ConfigMap")["gateway"]["data"]["nginx.conf"]
    (processes,) = re.findall(r"^worker_processes (\S+);", main, re.MULTILINE)

    # One for each core of the node would not fit into the limit of a pod.
    assert processes.isdecimal()
    assert 2 <= int(processes) <= 8
