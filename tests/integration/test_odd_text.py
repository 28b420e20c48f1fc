"""Text that no database takes (NUL, halves of surrogates, broken UTF-8) is refused at the edge.

PostgreSQL has no NUL in a text, and no driver encodes half of a surrogate pair: what gets so far
is a bug's answer (500), at any address that an engineer forgets. So the addresses are asked for by
their own tables.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
from tests.integration.sharing import yard
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.domain import tokens
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_indexer.app import create_app as create_indexer

__all__ = ["yard"]
pytestmark = pytest.mark.integration

# As they stand in an address.
BROKEN = ("%00", "a%00b", "%ED%A0%80", "a%FFb")
TOO_LONG = ("9" * 30, "9" * 5000)
# As they stand in a JSON document, where halves of surrogates can be written.
ODD_TEXTS = ("\0", "a\0b", "\ud800", "a\udfffb")
# Every text that any address reads from its query or body.
FIELDS = (
    *("description", "email", "expires_at", "name", "order_by", "pagination", "path", "query"),
    *("package_name", "package_type", "package_version", "page", "per_page", "pipeline_url"),
    *("ref", "scopes", "search", "sha", "sort", "state", "status", "username", "visibility"),
    *("package_registry_access_level", "active", "user_id", "namespace_id", "id_after", "format"),
    *("q", "after", "before", "older", "newer", "next", "token"),
)


@dataclass(frozen=True, slots=True)
class Odd:
    """A registry, its administrator, and a project to be in the way of odd text."""

    yard: Yard
    project: SeededProject
    user_id: int
    secret: str

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.yard.ask(method, path, self.secret, **options)

    def path(self, rule: Rule, **odd: str) -> str:
        """Return an address of the rule, of things that are there but for what is *odd*."""
        known = {
            "reference": str(self.project.id),
            "path": self.project.path,
            "name": "wheelyard.css",
            "event_id": "7",
            "kind": "projects",
            "package": "demo",
            "version": "1.0",
            "sha256": "0" * 64,
            "filename": "demo-1.0-py3-none-any.whl",
            "user_id": str(self.user_id),
        }
        if rule.rule.startswith("/api/v4/groups") or odd.get("kind"):
            known["reference"] = str(self.project.group.id)
        values = known | odd
        return "".join(
            # (is it an argument, what); any other argument is a number.
            values.get(what, "7") if dynamic else what
            for dynamic, what in rule._trace  # noqa: SLF001  the rule's parts have no public name
            if what != "|"
        )

    def rules(self) -> list[Rule]:
        """Return the rules of both services."""
        applications = (create_api(self.yard.registry), create_indexer(self.yard.registry))
        return [rule for one in applications for rule in one.url_map.iter_rules()]

    def works(self) -> bool:
        """Tell whether the administrator's token and the project have outlived it all."""
        return self.ask("GET", f"/api/v4/projects/{self.project.id}").status_code == 200


@pytest.fixture
def odd(yard: Yard) -> Odd:
    user_id = yard.seed.user(admin=True)
    return Odd(yard, yard.seed.project(), user_id, yard.seed.personal_token(user_id))


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})


def test_no_address_takes_odd_text_in_its_path(odd: Odd) -> None:
    for rule in odd.rules():
        for argument in rule.arguments - {"kind"}:
            for text in BROKEN + TOO_LONG:
                path = odd.path(rule, **{argument: text})
                for method in methods_of(rule):
                    status = odd.ask(method, path).status_code
                    assert 400 <= status < 500, (method, path[:200], status)
    assert odd.works()


def test_no_address_takes_odd_text_in_its_query(odd: Odd) -> None:
    for number, rule in enumerate(odd.rules()):
        # Each address meets each text, and each of its fields one of them, by turns.
        texts = islice(cycle(BROKEN), number % len(BROKEN), None)
        fields = (f"{name}={text}" for name, text in zip(FIELDS, texts, strict=False))
        for query in (*fields, *(f"{text}=name" for text in BROKEN)):
            status = odd.ask("GET", f"{odd.path(rule)}?{query}").status_code
            assert 400 <= status < 500, (rule.rule, query, status)
    assert odd.works()


def test_no_address_takes_odd_text_in_a_json_body(odd: Odd) -> None:
    # Signing out reads no body.
    for rule in (rule for rule in odd.rules() if rule.rule != "/_/sign-out"):
        for method in set(methods_of(rule)) - {"GET", "DELETE"}:
            for text in ODD_TEXTS:
                for value in (text, [text], {text: text}):
                    body = json.dumps(dict.fromkeys(FIELDS, value))
                    sent = odd.ask(
                        method, odd.path(rule), data=body, content_type="application/json"
                    )
                    assert 400 <= sent.status_code < 500, (method, rule.rule, value, sent.text)
    assert odd.works()


def test_no_field_of_a_json_body_takes_odd_text(odd: Odd) -> None:
    whole: dict[str, dict[str, object]] = {
        "/users": {"username": "x", "name": "X", "email": "x@a.test"},
        "/groups": {"name": "X", "path": "x", "description": "x", "visibility": "private"},
        "/projects": {"name": "X", "path": "x", "description": "x", "visibility": "private"},
        f"/projects/{odd.project.id}/job_tokens": {"ref": "x", "sha": "x", "pipeline_url": "x"},
        f"/projects/{odd.project.id}/access_tokens": {"name": "x", "scopes": ["api"]},
        f"/projects/{odd.project.id}/deploy_tokens": {
            "name": "x",
            "username": "x",
            "scopes": ["x"],
        },
        f"/projects/{odd.project.id}/members": {"username": "x"},
        "/user/personal_access_tokens": {"name": "x", "scopes": ["api"], "expires_at": "x"},
    }
    for path, fields in whole.items():
        for name, present in fields.items():
            for text in ODD_TEXTS:
                value = [text] if isinstance(present, list) else text
                for kind in ("application/json", "application/json; charset=utf-8"):
                    body = json.dumps(fields | {name: value})
                    sent = odd.ask("POST", f"/api/v4{path}", data=body, content_type=kind)
                    assert sent.status_code == 400, (path, name, text, sent.text)


def test_json_in_raw_halves_of_surrogates_is_refused(odd: Odd) -> None:
    sent = odd.ask(
        "POST",
        "/api/v4/groups",
        data=b'{"name": "a\xed\xa0\x80b"}',
        content_type="application/json",
    )

    assert sent.status_code == 400


def test_no_form_takes_odd_text(odd: Odd) -> None:
    for path in ("/users", "/groups", "/projects"):
        for text in BROKEN:
            body = "&".join(f"{name}={text}" for name in FIELDS)
            sent = odd.ask(
                "POST",
                f"/api/v4{path}",
                data=body,
                content_type="application/x-www-form-urlencoded",
            )
            assert sent.status_code == 400, (path, text, sent.text)


def secret_around(text: str) -> str:
    """Return what has the length and the checksum of a secret."""
    head = (tokens.PREFIX[TokenKind.PERSONAL] + text).ljust(47, "x")
    return head + tokens._checksum(head)  # noqa: SLF001  as whoever reads the source can


@pytest.mark.parametrize("text", ["\0", "\x7f", "é", " ", "-"])
def test_a_secret_in_other_characters_is_unknown(odd: Odd, text: str) -> None:
    secret = secret_around(text)

    assert not tokens.is_well_formed(secret)
    answer = odd.yard.ask("GET", "/api/v4/user", secret)
    assert answer.status_code == 401, answer.text
    assert odd.yard.publish(odd.project.id, ADistribution().wheel(), secret).status_code == 401


@pytest.mark.parametrize("field", ["name", "version", "filetype", ":action", "sha256_digest"])
@pytest.mark.parametrize("text", ["demo\0", "\0", "\ufffd"])
def test_no_field_of_an_upload_takes_odd_text(odd: Odd, field: str, text: str) -> None:
    built = ADistribution().wheel()
    form = {
        ":action": "file_upload",
        "name": built.name,
        "version": built.version,
        "filetype": built.filetype,
        "content": (BytesIO(built.content), built.filename),
    }
    sent = odd.yard.client.post(
        f"/api/v4/projects/{odd.project.id}/packages/pypi",
        data=form | {field: text},
        headers={"PRIVATE-TOKEN": odd.secret},
    )

    assert sent.status_code == 400, sent.text


@pytest.mark.parametrize("field", ["Summary", "License", "Requires-Dist", "X"])
@pytest.mark.parametrize("value", [b"a\0b", b"a\xffb", b"\xed\xa0\x80"])
def test_metadata_in_odd_characters_is_refused_or_shown(odd: Odd, field: str, value: bytes) -> None:
    head = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n" + field.encode() + b": "
    built = ADistribution().with_metadata(head + value + b"\n").wheel()

    sent = odd.yard.publish(odd.project.id, built, odd.secret)

    assert sent.status_code in {201, 400}, sent.text
    if b"\0" in value:
        assert "NUL" in sent.text


def test_quoted_addresses_are_as_good_as_plain_ones(odd: Odd) -> None:
    """What is refused is broken; letters of any language are not."""
    for text in ("ä", "日本", "🐍", "\ufffd"):
        answer = odd.ask("GET", f"/api/v4/projects?search={quote(text)}")
        assert answer.status_code == 200, text
        assert odd.ask("GET", f"/api/v4/projects/{quote(text)}").status_code == 404
