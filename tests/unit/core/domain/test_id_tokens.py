import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.issuer import encoded

from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.id_tokens import IdToken

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
HEADER = {"alg": "RS256", "kid": "a"}
CLAIMS = {
    "iss": "https://ci.example",
    "aud": "wheelyard",
    "iat": SECONDS,
    "exp": SECONDS + 300,
}


def made(header: object = None, claims: object = None, signature: str = "c2lnbmVk") -> str:
    return f"{encoded(header or HEADER)}.{encoded(claims or CLAIMS)}.{signature}"


def token(**changed: object) -> IdToken:
    return IdToken.parse(made(claims={**CLAIMS, **changed}))


def refusal(text: str) -> str:
    with pytest.raises(NotMinted) as refused:
        IdToken.parse(text)
    assert refused.value.reason == "invalid-token"
    return str(refused.value)


def test_a_token_is_taken_apart() -> None:
    text = made()

    found = IdToken.parse(text)

    assert (found.issuer, found.algorithm, found.key_id) == ("https://ci.example", "RS256", "a")
    assert found.signed.decode() == text.rpartition(".")[0]
    assert found.signature == b"signed"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "header.claims.signature"),
        ("a.b", "header.claims.signature"),
        ("a.b.c.d.e", "header.claims.signature"),
        (made(signature=""), "header.claims.signature"),
        (made() + "=", "header.claims.signature"),
        (made() + "\n", "header.claims.signature"),
        (f" {made()}", "header.claims.signature"),
        (made(claims={**CLAIMS, "x": "y" * 40_000}), "header.claims.signature"),
        (made(signature="abcde"), "base64url"),
        (f"abcde.{encoded(CLAIMS)}.c2ln", "base64url"),
        (made(header=b"{"), "header cannot be read as JSON"),
        (made(header=b"\xff{}"), "header cannot be read as JSON"),
        (made(header=b"[" * 20_000), "header cannot be read as JSON"),
        (made(claims=b'{"exp": ' + b"9" * 5000 + b"}"), "claims cannot be read as JSON"),
        (made(header=b"[]"), "header is not a JSON object"),
        (made(claims=b"7"), "claims is not a JSON object"),
        (made(header={"kid": "a"}), "algorithm"),
        (made(header={"alg": 5}), "algorithm"),
        (made(header={"alg": None}), "algorithm"),
        (made(header={**HEADER, "kid": 1}), "kid"),
        (made(header={**HEADER, "crit": ["b64"], "b64": False}), "crit"),
        (made(claims={"aud": "x"}), "iss"),
        (made(claims={**CLAIMS, "iss": ["https://ci.example"]}), "iss"),
    ],
)
def test_a_malformed_token_is_refused_by_a_sentence(text: str, word: str) -> None:
    assert word in refusal(text)


@pytest.mark.parametrize("audience", ["wheelyard", ["wheelyard"]])
def test_the_audience_is_us_alone(audience: object) -> None:
    token(aud=audience).check("wheelyard", NOW)


@pytest.mark.parametrize(
    "audience",
    [
        *("pypi", "Wheelyard", "wheelyard ", "", "wheel"),
        *(
            None,
            [],
            ["wheelyard", "pypi"],
            ["pypi"],
            [["wheelyard"]],
            {"aud": "wheelyard"},
            7,
            True,
        ),
    ],
)
def test_any_other_audience_is_refused(audience: object) -> None:
    with pytest.raises(NotMinted, match="audience must be 'wheelyard' alone") as refused:
        token(aud=audience).check("wheelyard", NOW)

    assert refused.value.reason == "invalid-audience"


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"exp": SECONDS - 29},
        {"iat": SECONDS + 30},
        {"nbf": SECONDS + 30},
        {"nbf": SECONDS - 500},
        {"iat": float(SECONDS), "exp": SECONDS + 0.5},
    ],
)
def test_clocks_may_be_half_a_minute_apart(times: dict[str, object]) -> None:
    until = token(**times).check("wheelyard", NOW)

    assert until > NOW


@pytest.mark.parametrize(
    ("times", "word"),
    [
        ({"exp": SECONDS - 30}, "has expired"),
        ({"exp": 0}, "has expired"),
        ({"iat": SECONDS + 31}, "not valid yet"),
        ({"nbf": SECONDS + 31}, "not valid yet"),
        ({"exp": None}, "says not when"),
        ({"iat": None}, "says not when"),
        ({"exp": "tomorrow"}, "exp is not a number"),
        ({"exp": str(SECONDS + 300)}, "exp is not a number"),
        ({"exp": True}, "exp is not a number"),
        ({"nbf": []}, "nbf is not a number"),
        ({"exp": 1e300}, "out of all time"),
        ({"exp": 10**400}, "out of all time"),
        ({"iat": -1}, "out of all time"),
        ({"exp": float("inf")}, "out of all time"),
        ({"exp": float("nan")}, "out of all time"),
        ({"nbf": float("nan")}, "out of all time"),
    ],
)
def test_a_token_of_another_time_is_refused(times: dict[str, object], word: str) -> None:
    with pytest.raises(NotMinted, match=word) as refused:
        token(**times).check("wheelyard", NOW)

    assert refused.value.reason == "invalid-time"


def test_a_token_is_remembered_for_as_long_as_it_would_be_taken() -> None:
    until = token().check("wheelyard", NOW)

    with pytest.raises(NotMinted, match="expired"):
        token().check("wheelyard", until)
    token().check("wheelyard", until - timedelta(microseconds=1))


def test_tokens_of_one_jti_are_one_token() -> None:
    one, again, other = token(jti="7"), token(jti="7", extra=1), token(jti="8")
    elsewhere = token(jti="7", iss="https://other.example")

    assert one.fingerprint == again.fingerprint
    assert len({one.fingerprint, other.fingerprint, elsewhere.fingerprint}) == 3


@pytest.mark.parametrize("jti", [None, "", 7, ["7"]])
def test_without_a_jti_what_was_signed_counts_and_not_the_signature(jti: object) -> None:
    text = made(claims={**CLAIMS, "jti": jti})
    one, malleable = IdToken.parse(text), IdToken.parse(f"{text}AA")
    other = IdToken.parse(made(claims={**CLAIMS, "jti": jti, "sub": "x"}))

    assert one.signature != malleable.signature
    assert one.fingerprint == malleable.fingerprint != other.fingerprint


def test_a_jti_of_odd_characters_is_as_good() -> None:
    claims = json.dumps({**CLAIMS, "jti": "\ud800\x00"}).encode()

    assert IdToken.parse(made(claims=claims)).fingerprint
