import time

import pytest

from wheelyard_core.domain.tokens import TokenKind, new_secret
from wheelyard_core.observability.redaction import make_redact, redact_event

BASIC = "X190b2tlbl9fOnd5cF9zZWNyZXRzZWNyZXQ="


@pytest.mark.parametrize("kind", list(TokenKind))
@pytest.mark.parametrize("around", ["{}", "token {} is bad", "'{}'", '{{"t":"{}"}}', "/simple/{}/"])
def test_no_token_of_ours_passes(kind: TokenKind, around: str) -> None:
    secret = new_secret(kind)

    shown = make_redact()(around.format(secret))

    assert secret[4:] not in shown
    assert secret[:4] in shown


@pytest.mark.parametrize(
    "text",
    [
        "redis://:hunter2hunter2@cache:6379/0 is away",
        "http://__token__:hunter2hunter2@host/simple",
        "postgresql+psycopg://user:hunter2hunter2@db:5432/name",
        "Error 111 connecting to redis://:hunter2hunter2/with@slash@cache",
        "HTTP://User:hunter2hunter2@HOST/",
        "https://host/bucket/key?X-Amz-Signature=hunter2hunter2&x=1",
        "password=hunter2hunter2",
        "host=db password=hunter2hunter2 user=x",
        f"Authorization: Basic {BASIC} hunter2hunter2",
        "{'Authorization': 'Bearer hunter2hunter2'}",
        "('authorization', 'hunter2hunter2')",
        'headers={"PRIVATE-TOKEN": "hunter2hunter2"}',
        "b'Authorization': b'hunter2hunter2'",
        "Cookie: session=hunter2hunter2",
    ],
)
def test_no_credentials_in_text_pass(text: str) -> None:
    shown = make_redact()(text)

    assert "hunter2" not in shown
    assert BASIC not in shown


def test_a_scheme_and_its_value_without_the_header_s_name_do_not_pass() -> None:
    assert BASIC not in make_redact()(f"header was Basic {BASIC}")


@pytest.mark.parametrize(
    "text",
    [
        "Authentication is required: give a token",
        "Basic authentication is off",
        "https://host:9000/bucket/demo-1.0-py3-none-any.whl",
        "File not found: demo-1.0.tar.gz",
        "/api/v4/projects/<path:reference>/packages/pypi/simple",
        "why_not",
    ],
)
def test_harmless_text_passes_unchanged(text: str) -> None:
    assert make_redact()(text) == text


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    redact = make_redact(["s3cr3t.key+/", "short"])

    assert redact("a s3cr3t.key+/b") == "a [redacted]b"
    assert redact("a short word") == "a short word"


def test_values_of_every_depth_and_kind_are_cleaned() -> None:
    event = {
        "event": "x",
        "password": "plain",
        "headers": {"Authorization": "plain", "list": [("k", "redis://u:plain@h")]},
        "error": ValueError("http://u:plain@h"),
        "object": type("Thing", (), {"__repr__": lambda _self: "wyp_plainplain"})(),
        "deep": [[[[[[[["redis://:plain@h"]]]]]]]],
        "count": 3,
    }

    shown = redact_event(make_redact(), event)

    assert "plain" not in repr(shown)
    assert shown["count"] == 3


def test_a_hostile_text_takes_no_long_time() -> None:
    redact = make_redact()
    # Of the processor, for a busy machine lets this thread wait.
    began = time.thread_time()

    for text in (
        "://" * 20_000,
        "ab://" * 20_000,
        "ab://x@" * 20_000,
        "authorization:" * 5_000,
        "token=" * 10_000,
    ):
        redact(text)

    assert time.thread_time() - began < 1.0
