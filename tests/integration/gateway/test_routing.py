"""Which service a request reaches, and that one machine routes by the same rule."""

from urllib.parse import unquote

import pytest
from tests.integration.gateway.conftest import PYPI, Stage

from wheelyard_standalone.web import dispatch
from wheelyard_web.application import Wsgi

pytestmark = pytest.mark.integration

GROUP = "/api/v4/groups/acme/-/packages/pypi"
SHA = "ab" * 32
WHEEL = "demo-1.0-py3-none-any.whl"

READS = [
    f"{PYPI}/simple",
    f"{PYPI}/simple/",
    f"{PYPI}/simple/demo",
    f"{PYPI}/simple/demo/",
    f"{PYPI}/simple/My.Package?format=json",
    f"{PYPI}/simple/a%2Db/",
    f"{PYPI}/files/{SHA}/{WHEEL}",
    f"{PYPI}/files/{SHA.upper()}/{WHEEL}.metadata",
    f"{PYPI}/files/{SHA}/{WHEEL}/",
    f"{PYPI}/files/{SHA}/demo-1.0+local.tar.gz",
    f"{PYPI}/files/{SHA}/demo-1.0%2Blocal.tar.gz",
    "/api/v4/projects/acme%2Ftools/packages/pypi/simple/demo/",
    f"{PYPI}/integrity/demo/1.0/{WHEEL}/provenance",
    f"{PYPI}/integrity/demo/1.0%2Blocal/{WHEEL}/provenance/",
    f"{GROUP}/integrity/demo/1.0/{WHEEL}/provenance",
    f"/acme/tools/integrity/demo/1.0/{WHEEL}/provenance",
    f"{GROUP}/simple",
    f"{GROUP}/simple/demo/",
    f"{GROUP}/files/{SHA}/{WHEEL}",
    "/acme/tools/simple",
    "/acme/tools/simple/demo/",
    f"/acme/tools/files/{SHA}/{WHEEL}",
    f"/acme/tools/files/{SHA}/{WHEEL}.metadata/",
    "/acme//tools/simple/",
]
THE_REST = [
    "/",
    "/livez",
    "/readyz",
    PYPI,
    f"{PYPI}/",
    "/api/v4/projects/acme%2Ftools/packages/pypi",
    f"{PYPI}/uploads/7f",
    f"{PYPI}/yank/simple/1.0",
    f"{PYPI}/status/simple",
    "/api/v4/projects/acme%2Fsimple",
    "/api/v4/groups/simple",
    "/simple",
    "/_/simple/",
    "/api/v4//projects/1/packages/pypi/simple/",
    f"{PYPI}/simple/demo/1.0",
    f"{PYPI}/simple/a%2Fb",
    f"{PYPI}/files/{SHA}",
    f"{PYPI}/files/nothex/{WHEEL}",
    f"{PYPI}/files/{SHA}/{WHEEL}/more",
    f"{PYPI}/integrity/demo/1.0/{WHEEL}",
    f"{PYPI}/integrity/demo/{WHEEL}/provenance",
    "/acme/integrity",
    "/acme/tools/packages/integrity/1.0",
    "/acme/tools/legacy/",
    "/acme/simplest",
    "/acme",
    "/acme/tools",
    "/acme/tools/packages/demo",
    "/acme/tools/packages/demo/1.0",
    "/acme/tools/packages/Simple",
    "/acme/tools/packages/Simple/1.0",
    "/acme/tools/packages/files/1.0",
    "/_/sign-in",
    "/api/v4/projects?search=/simple/",
    "/api/v4/user",
    "/_/oidc/audience",
]


@pytest.mark.parametrize(
    ("target", "service"), [(t, "indexer") for t in READS] + [(t, "api") for t in THE_REST]
)
def test_each_address_reaches_its_service_as_it_came(
    stage: Stage, target: str, service: str
) -> None:
    answer = stage.ask(target)

    assert answer.body.decode() == service
    assert getattr(stage, service).received[-1].target == target


@pytest.mark.parametrize("target", READS + THE_REST)
def test_one_machine_routes_by_the_same_rule(target: str) -> None:
    called: list[str] = []
    application = dispatch(_notes("api", called), _notes("indexer", called))

    application({"PATH_INFO": unquote(target.partition("?")[0])}, None)

    assert called == ["indexer" if target in READS else "api"]


def _notes(name: str, called: list[str]) -> Wsgi:
    def application(*_: object) -> list[bytes]:
        called.append(name)
        return []

    return application


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_the_method_does_not_decide_where_a_request_goes(stage: Stage, method: str) -> None:
    stage.ask(f"{PYPI}/simple/demo/", method)
    stage.ask(PYPI, method)

    assert stage.indexer.received[-1].method == stage.api.received[-1].method == method
