"""A real nginx of deploy/nginx, in front of servers that write down what reaches them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.support.forms import Answer, ask
from tests.support.gateway import Gateway, find_nginx
from tests.support.recorder import Behave, Recorder, answers
from tests.support.servers.finding import Machine, Missing, Source
from tests.support.servers.report import without

EMPTY: Mapping[str, str] = MappingProxyType({})
PYPI = "/api/v4/projects/1/packages/pypi"


@dataclass
class Stage:
    gateway: Gateway
    api: Recorder
    indexer: Recorder

    def ask(
        self, target: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(method, f"{self.gateway.url}{target}", body, given)


@pytest.fixture(scope="session")
def nginx(machine: Machine) -> Source:
    try:
        return find_nginx(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)


class Stages:
    """Starts gateways; each has its own services behind it."""

    def __init__(self, nginx: Source, folder: Path, stack: ExitStack) -> None:
        self._nginx = nginx
        self._folder = folder
        self._stack = stack

    def __call__(
        self, api: Behave | None = None, indexer: Behave | None = None, store: str = ""
    ) -> Stage:
        behind_api = self._stack.enter_context(Recorder(api or answers("api")))
        behind_indexer = self._stack.enter_context(Recorder(indexer or answers("indexer")))
        takes_over = {"GATEWAY_TAKES_OVER": "X-Accel-Redirect", "GATEWAY_BLOBS_ADDRESS": store}
        filled = takes_over if store else {}
        gateway = self.gateway(behind_api.address, behind_indexer.address, filled=filled)
        return Stage(gateway, behind_api, behind_indexer)

    def gateway(
        self, api: str, indexer: str, extra: str = "", filled: Mapping[str, str] = EMPTY
    ) -> Gateway:
        gateway = Gateway(self._nginx, self._folder / "nginx", api, indexer, extra, filled)
        return self._stack.enter_context(gateway)


@pytest.fixture
def start(nginx: Source, tmp_path: Path) -> Iterator[Stages]:
    with ExitStack() as stack:
        yield Stages(nginx, tmp_path, stack)


@pytest.fixture(scope="module")
def stage(nginx: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stages(nginx, tmp_path_factory.mktemp("gateway"), stack)()
