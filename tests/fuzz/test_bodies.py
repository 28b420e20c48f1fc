"""Whatever JSON is sent to administer: done, or refused by a sentence, and nothing changed."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.harness import check_refusal, fuzzed, odd_texts, rows
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_api.openapi.document import openapi

# Each would end the token that asks.
_ENDING = ("rotate", "block", "sign-", "oidc")
_IDS = {"package": "demo", "version": "1.0", "kind": "projects", "user_id": "1", "rule_id": "1"}


def _bodies() -> list[tuple[str, str, list[str]]]:
    """Return every address that takes JSON: its method, itself, the fields that it knows."""
    found = []
    for address, operations in openapi("fuzz")["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if schema.get("properties") and not any(word in address for word in _ENDING):
                found.append((method.upper(), address, list(schema["properties"])))
    return found


ADDRESSES = _bodies()
SCALARS: list[object] = [
    *(0, -1, 30, 2**31, 2**63, 2**64, 10**400),
    *("2027-01-31", "0001-01-01", "api", "public", "pypi", [], {}),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | odd_texts()
    | st.text(st.characters(categories=["Cs", "Cc", "Co", "Cn"]), max_size=4)
    | st.sampled_from(SCALARS)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


TOKENS = [
    *(b"{", b"}", b"[", b"]", b'"name"', b'"token"', b":", b",", b"null", b"1e999", b"\\u0000"),
]
TYPES = [
    "",
    "application/json",
    "application/json; charset=utf-7",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
]
OTHERS = ("/api/v4/groups", "/_/oidc/mint-token")


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    method, address, names = draw(st.sampled_from(ADDRESSES))
    fields = st.dictionaries(st.sampled_from(names) | st.text(max_size=5), values, max_size=5)
    return method, address, draw(fields)


@fuzzed(80)
@given(requests())
def test_a_body_of_any_json(
    yard: Yard, project: SeededProject, secret: str, asked: tuple[str, str, dict[str, Any]]
) -> None:
    method, address, fields = asked
    yard.publish(project.id, ADistribution().wheel(), secret)
    before = rows(yard)

    answer = yard.ask(
        method,
        address.format(**_IDS, id=project.id, filename=ADistribution().wheel().filename),
        secret,
        data=json.dumps(fields).encode(),
        content_type="application/json",
    )

    check_refusal(answer)
    if answer.status_code >= 400:
        assert rows(yard) == before


@fuzzed(40)
@example(b"[" * 100_000, "application/json")
@example(b'{"name": "' + b"\\ud800" + b'"}', "application/json")
@example(b"\xff\xfe{\x00}\x00", "application/json")
@example(b'{"name": ' + b"9" * 10_000 + b"}", "application/json")
@given(
    st.binary(max_size=60) | st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join),
    st.sampled_from(TYPES),
)
def test_a_body_of_any_bytes(
    yard: Yard, project: SeededProject, secret: str, raw: bytes, kind: str
) -> None:
    for path in (f"/api/v4/projects/{project.id}/job_tokens", *OTHERS):
        before = rows(yard)

        answer = yard.ask("POST", path, secret, data=raw, content_type=kind)

        check_refusal(answer)
        if answer.status_code >= 400:
            assert rows(yard) == before
