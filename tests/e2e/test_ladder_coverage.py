"""No address without a row in a ladder: whoever adds one says who may.

Fails with the addresses that no ladder asks, or that a ladder asks and nobody serves. How a row is
added, the docstrings of test_ladder.py and test_administration_ladder.py say.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain

import pytest
from flask import Flask
from tests.e2e import test_administration_ladder, test_group_ladder, test_ladder
from tests.support.in_process import environment
from tests.support.ladder import Ladder, Route
from werkzeug.exceptions import HTTPException

from wheelyard_api.app import create_app as create_api
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.settings import read_settings
from wheelyard_indexer.app import create_app as create_indexer

LADDERS: tuple[Ladder, ...] = (test_ladder.LADDER, *test_administration_ladder.LADDERS.values())
OPEN: Mapping[str, str] = {
    "/livez": "a probe has no credentials, and learns whether the process answers",
    "/readyz": "the same, of whether it can serve",
    "/api/v4/openapi.json": "says what addresses there are, and nothing of what is kept",
    "/_/assets/<name>": "a style sheet and a picture, the same for all",
    "/_/oidc/audience": "says for whom an ID token must be, to whoever has no token yet",
    "/_/oidc/mint-token": "the ID token that it takes is the question",
    "/_/oidc/github/mint-token": "the same, as older clients ask",
    "/_/oidc/burn-token": "ends the token that it is given, and answers the same for none",
    "/_/sign-in": "where one says who one is",
    "/_/sign-out": "ends what the visitor brings, if anything",
}
# Flask answers OPTIONS by the address alone, whether there is such a project or not.
_ANSWERED_BY_FLASK = {"OPTIONS"}
_ANY = re.compile(r"<any\((?P<words>[^)]*)\):(?P<name>\w+)>")

Served = tuple[str, str]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Flask]]:
    folder, nowhere = tmp_path_factory.mktemp("coverage"), "redis://127.0.0.1:9/0"
    settings = read_settings(environment(folder, f"sqlite:///{folder}/none.db", nowhere))
    registry = make_registry(settings, "test")
    yield [create_api(registry), create_indexer(registry)]
    registry.close()


def served(app: Flask) -> Iterator[Served]:
    """Yield every method and address; one of `projects` or `groups` is two."""
    for rule in app.url_map.iter_rules():
        found = _ANY.search(rule.rule)
        words = found["words"].split(", ") if found else [""]
        for word in words:
            address = _ANY.sub(word, rule.rule)
            for method in (rule.methods or set()) - _ANSWERED_BY_FLASK:
                yield method, address


def served_to(route: Route, app: Flask) -> Iterator[Served]:
    """Yield the method and address by which the application serves a route, if it does."""
    path = re.sub(r"\{\w+\}", "1", route.path.partition("?")[0])
    # As `without_trailing_slash` has it.
    adapter = app.url_map.bind("", path_info=path.rstrip("/") or "/")
    try:
        rule, values = adapter.match(method=route.method, return_rule=True)
    except HTTPException:
        return
    yield route.method, _ANY.sub(str(values.get("kind")), rule.rule)


def asked() -> list[Route]:
    """Return every route of every ladder; what is read with GET is read with HEAD, too."""
    ladders = [*LADDERS, *(ladder.by_head() for ladder in LADDERS)]
    of_columns = chain.from_iterable(ladder.routes.values() for ladder in ladders)
    heads = [Route("HEAD", route.path, route.success) for route in test_group_ladder.ROUTES]
    return [*chain.from_iterable(of_columns), *test_group_ladder.ROUTES, *heads]


def test_every_address_has_a_row_in_a_ladder_or_a_reason(apps: list[Flask]) -> None:
    covered = {found for app in apps for route in asked() for found in served_to(route, app)}

    missing = {
        f"{method} {address}"
        for method, address in chain.from_iterable(served(app) for app in apps)
        if (method, address) not in covered and address not in OPEN
    }

    assert not missing, "no ladder asks:\n" + "\n".join(sorted(missing))


def test_every_row_of_a_ladder_asks_an_address_that_is_served(apps: list[Flask]) -> None:
    lost = [route for route in asked() if not any(list(served_to(route, app)) for app in apps)]

    assert lost == []


def test_every_reason_is_of_an_address_that_is_served(apps: list[Flask]) -> None:
    assert set(OPEN) <= {address for app in apps for _, address in served(app)}


def test_options_tell_nothing_of_what_exists(apps: list[Flask]) -> None:
    # The database has no table: whoever looked for a project in it would fail.
    for path in {re.sub(r"<[^>]+>", "1", address) for _, address in served(apps[0])}:
        reply = apps[0].test_client().open(path, method="OPTIONS")

        assert reply.status_code == 405 or (reply.status_code, reply.data) == (200, b""), path
