"""Secrets of tokens, and the headers that carry them."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wheelyard_core.domain.credentials import Channel, Credentials, read_credentials
from wheelyard_core.domain.errors import FileAlreadyExists, InvalidInput
from wheelyard_core.domain.peppers import Pepper
from wheelyard_core.domain.tokens import (
    TokenKind,
    TokenRecord,
    is_well_formed,
    new_secret,
    parse_expiry,
    same_digest,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def read(**headers: str) -> Credentials | None:
    return read_credentials({k.replace("_", "-"): v for k, v in headers.items()}.get)


def basic(text: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(encoding)).decode()


@pytest.mark.parametrize("kind", list(TokenKind))
def test_a_new_secret_is_recognised_and_a_typing_error_is_not(kind: TokenKind) -> None:
    secret = new_secret(kind)

    assert is_well_formed(secret)
    assert not is_well_formed(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    assert not is_well_formed(secret[:-1])
    assert not is_well_formed("xyz_" + secret[4:])
    assert not is_well_formed(secret[:-1] + "é")


def test_digests_depend_on_the_pepper() -> None:
    one, other = Pepper.of("a").store("s"), Pepper.of("b").store("s")

    assert same_digest(one.digest, Pepper.of("a").store("s").digest)
    assert not same_digest(one.digest, other.digest)
    assert one.pepper != other.pepper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("2026-02-01", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-01T10:00:00+02:00", datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ("2026-02-01T10:00:00", datetime(2026, 2, 1, 10, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_date_or_a_time(text: str | None, expected: datetime | None) -> None:
    assert parse_expiry(text, NOW) == expected


@pytest.mark.parametrize("text", ["2026-01-31", "yesterday", "2026-13-01", "2020-01-01T00:00:00Z"])
def test_an_expiry_that_is_none_or_past_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expires_at"):
        parse_expiry(text, NOW)


def test_a_record_says_why_it_does_not_work() -> None:
    good = TokenRecord(
        id=1, kind=TokenKind.PERSONAL, digest="", pepper=None, family="", name="", username="",
        scopes=frozenset(),
        user_id=1, user_is_admin=False, user_is_bot=False, user_is_blocked=False, project_id=None,
        group_id=None, expires_at=None, revoked_at=None, last_used_at=None, pipeline=None,
    )  # fmt: skip

    assert good.refusal(NOW) is None
    assert replace(good, expires_at=NOW + timedelta(1)).refusal(NOW) is None
    assert "expired" in str(replace(good, expires_at=NOW).refusal(NOW))
    assert "revoked" in str(replace(good, revoked_at=NOW).refusal(NOW))
    assert "blocked" in str(replace(good, user_is_blocked=True).refusal(NOW))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"authorization": basic("__token__:s:x")}, Credentials(Channel.BASIC, "s:x")),
        ({"authorization": basic("gitlab-ci-token:s")}, Credentials(Channel.JOB_USER, "s")),
        ({"authorization": basic("josé:s")}, Credentials(Channel.BASIC, "s")),
        ({"authorization": basic("josé:s", "latin-1")}, Credentials(Channel.BASIC, "s")),
        ({"authorization": "Bearer s"}, Credentials(Channel.BEARER, "s")),
        ({"authorization": "Basic %%%"}, Credentials(Channel.BASIC, "")),
        ({"authorization": "Digest x"}, Credentials(Channel.BASIC, "")),
        ({"private_token": "s"}, Credentials(Channel.PRIVATE_TOKEN, "s")),
        ({"deploy_token": "s"}, Credentials(Channel.DEPLOY_TOKEN, "s")),
        ({"job_token": " s "}, Credentials(Channel.JOB_TOKEN, "s")),
    ],
)
def test_credentials_are_read_from_headers(
    headers: dict[str, str], expected: Credentials | None
) -> None:
    assert read(**headers) == expected


def test_secrets_do_not_show_in_a_representation() -> None:
    assert "hidden" not in repr(Credentials(Channel.BASIC, "hidden"))


def test_a_duplicate_is_named_in_the_words_that_clients_look_for() -> None:
    sentence = str(FileAlreadyExists("a-1.tar.gz"))

    assert "already exists" in sentence
    assert "already been taken" in sentence
