"""What a form's attestations may be, and whose signatures count."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.distributions import ADistribution
from tests.support.issuer import github, gitlab
from tests.support.sigstore import (
    GITHUB,
    GITLAB,
    PROVENANCE,
    PUBLISH,
    Json,
    Signing,
    Sigstore,
    changed,
)

from wheelyard_core.domain.attestations import (
    LONGEST,
    Attested,
    Signer,
    Statement,
    kept_attestations,
    parse_attestations,
    text_of,
)
from wheelyard_core.domain.errors import InvalidAttestations
from wheelyard_core.domain.issuers import Issuer, Preset
from wheelyard_core.domain.trusted import Identity

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
GOOD = Sigstore().attest(Signing.of(WHEEL))
SAME = "2f" * 32


def with_statement(**fields: object) -> str:
    """Return a field whose one statement has other fields; None takes one away."""
    statement = json.loads(Signing.of(WHEEL).statement()) | fields
    left = {name: value for name, value in statement.items() if value is not None}
    return json.dumps([changed(GOOD, "envelope", "statement", to=encoded(json.dumps(left)))])


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def flawed(*path: str | int, to: object) -> str:
    return json.dumps([changed(GOOD, *path, to=to)])


MATERIAL, ENVELOPE = "verification_material", "envelope"
ENTRIES = (MATERIAL, "transparency_entries")
MALFORMED = {
    "no JSON": ("[{", "cannot be read as JSON"),
    "too deep": ("[" * 100_000, "cannot be read as JSON"),
    "no number": ('[{"version": NaN}]', "cannot be read as JSON"),
    "out of all range": ('[{"version": 1e999}]', "cannot be read as JSON"),
    "too many digits": (f"[{'9' * 5000}]", "cannot be read as JSON"),
    "no list": (json.dumps(GOOD), "not a JSON list"),
    "a text": ('["attested"]', "not an object with a version"),
    "a version of truth": (flawed("version", to=True), "not an object with a version"),
    "version 2": (flawed("version", to=2), "not of version 1"),
    "no material": (flawed(MATERIAL, to=[]), "verification_material of one is not an object"),
    "no envelope": (flawed(ENVELOPE, to="x"), "envelope of one is not an object"),
    "no entries": (flawed(*ENTRIES, to=[]), "not a list of one object"),
    "two entries": (flawed(*ENTRIES, to=[{}, {}]), "not a list of one object"),
    "an entry of text": (flawed(*ENTRIES, to=["x"]), "not a list of one object"),
    "no certificate": (flawed(MATERIAL, "certificate", to=""), "certificate of one is missing"),
    "no base64": (flawed(MATERIAL, "certificate", to="*"), "certificate of one is not in base64"),
    "a signature of numbers": (flawed(ENVELOPE, "signature", to=7), "signature of one is missing"),
    "a statement of letters": (flawed(ENVELOPE, "statement", to="éé"), "not in base64"),
    "no statement": (flawed(ENVELOPE, "statement", to="e30x"), "cannot be read as JSON"),
    "a statement of no type": (with_statement(_type=None), "not of the type"),
    "another predicate": (
        with_statement(predicateType="https://example.com/made-up"),
        "'https://example.com/made-up', and not one of https://docs",
    ),
    "no predicate": (with_statement(predicateType=["x"]), "of no kind"),
    "no subject": (with_statement(subject=[]), "exactly one file"),
    "two subjects": (with_statement(subject=[{}, {}]), "exactly one file"),
    "a subject without a name": (
        with_statement(subject=[{"digest": {"sha256": SAME}}]),
        "the name and the sha256",
    ),
    "a subject without a digest": (
        with_statement(subject=[{"name": "x", "digest": {"sha512": SAME}}]),
        "the name and the sha256",
    ),
    "three": (json.dumps([GOOD] * 3), "has 3 of them, and a file may have 2"),
    "two of one kind": (json.dumps([GOOD] * 2), f"has two of the kind {PUBLISH}"),
    "too large": (json.dumps([GOOD]) + " " * LONGEST, "take more than"),
}


@pytest.mark.parametrize("flaw", MALFORMED)
def test_malformed_attestations_are_refused_with_a_sentence(flaw: str) -> None:
    text, sentence = MALFORMED[flaw]

    with pytest.raises(InvalidAttestations) as refused:
        parse_attestations(text)

    assert sentence in str(refused.value)
    assert str(refused.value).startswith("attestations ")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("nothing", ["", "[]", " [ ] "])
def test_none_are_none(nothing: str) -> None:
    assert parse_attestations(nothing) == ()
    assert text_of(parse_attestations(nothing)) is None


def test_what_is_kept_is_what_came_without_what_is_unknown() -> None:
    sent = {**GOOD, "more": [1], ENVELOPE: {**GOOD[ENVELOPE], "more": "x" * 50}}

    kept = text_of(parse_attestations(json.dumps([sent])))

    assert kept is not None
    assert json.loads(kept) == [GOOD]
    assert text_of(kept_attestations(kept)) == kept


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(
    [
        ("version",), (MATERIAL,), (MATERIAL, "certificate"), ENTRIES, (*ENTRIES, 0), (ENVELOPE,),
        (ENVELOPE, "statement"), (ENVELOPE, "signature"),
    ]
)  # fmt: skip


@given(st.one_of(st.text(), JSON.map(json.dumps)))
def test_no_text_ends_in_anything_but_a_refusal(text: str) -> None:
    _parsed_or_refused(text)


@given(PLACES, JSON)
def test_nothing_in_an_attestation_ends_in_anything_but_a_refusal(
    path: tuple[str | int, ...], value: object
) -> None:
    _parsed_or_refused(json.dumps([changed(GOOD, *path, to=value)]))


@given(st.dictionaries(st.sampled_from(["_type", "subject", "predicateType"]), JSON))
def test_nothing_in_a_statement_ends_in_anything_but_a_refusal(fields: dict[str, object]) -> None:
    _parsed_or_refused(with_statement(**fields))


def _parsed_or_refused(text: str) -> None:
    try:
        kept = text_of(parse_attestations(text))
    except InvalidAttestations:
        return
    assert kept is None or json.loads(kept)


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("demo_pkg-1.0-py3-none-any.whl", "Demo.Pkg-1.0-py3-none-any.whl"),
        ("demo_pkg-1.0-py2.py3-none-any.whl", "demo_pkg-1.0.0-py3.py2-none-any.whl"),
        ("demo_pkg-1.0.tar.gz", "Demo.Pkg-1.0.tar.gz"),
        ("unreadable", "unreadable"),
    ],
)
def test_a_statement_may_spell_its_file_otherwise(said: str, about: str) -> None:
    statement(said).require_about(about, SAME)


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.0.tar.gz"),
        ("demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.0-1-py3-none-any.whl"),
        ("demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.1-py3-none-any.whl"),
        ("unreadable", "demo_pkg-1.0.tar.gz"),
        ("unreadable", "no more readable"),
        ("x" * 300 + "-1.0.tar.gz", "demo_pkg-1.0.tar.gz"),
    ],
)
def test_a_statement_about_another_file_does_not_count(said: str, about: str) -> None:
    with pytest.raises(InvalidAttestations, match="another file"):
        statement(said).require_about(about, SAME)


def test_a_statement_about_other_bytes_does_not_count() -> None:
    with pytest.raises(InvalidAttestations, match="about other bytes"):
        statement("demo-1.0.tar.gz").require_about("demo-1.0.tar.gz", SAME[::-1])


def statement(name: str) -> Statement:
    return Statement.parse(Signing(name, SAME, PROVENANCE).statement())


def identity(preset: Preset, issuer: str, claims: dict[str, object]) -> Identity:
    return Identity.of(Issuer(issuer, preset), claims, [])


ENTERPRISE = f"{GITHUB}/acme"
GHES = "https://ghe.acme.example/_services/token"
SIGNERS: dict[str, tuple[Identity, str, str, Json]] = {
    "GitHub": (
        identity(Preset.GITHUB, GITHUB, github(environment="release")),
        "https://github.com/acme/tools",
        "https://github.com/acme/tools/.github/workflows/publish.yml@refs/tags/v1.0",
        {
            "kind": "GitHub",
            "repository": "acme/tools",
            "workflow": "publish.yml",
            "environment": "release",
        },
    ),
    "an enterprise on GitHub": (
        identity(Preset.GITHUB, ENTERPRISE, github()),
        "https://github.com/acme/tools",
        "https://github.com/acme/tools/.github/workflows/publish.yml@refs/tags/v1.0",
        {
            "kind": "GitHub",
            "repository": "acme/tools",
            "workflow": "publish.yml",
            "environment": None,
        },
    ),
    "GitHub Enterprise": (
        identity(Preset.GITHUB, GHES, github()),
        "https://ghe.acme.example/acme/tools",
        "https://ghe.acme.example/acme/tools/.github/workflows/publish.yml@refs/tags/v1.0",
        {
            "kind": "GitHub Enterprise",
            "server": "https://ghe.acme.example",
            "repository": "acme/tools",
            "workflow": "publish.yml",
            "environment": None,
        },
    ),
    "GitLab": (
        identity(Preset.GITLAB, GITLAB, gitlab()),
        "https://gitlab.com/acme/tools",
        "https://gitlab.example/acme/tools//.gitlab-ci.yml@refs/tags/v1.0",
        {
            "kind": "GitLab",
            "repository": "acme/tools",
            "workflow_filepath": ".gitlab-ci.yml",
            "environment": None,
        },
    ),
}


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_trusted_publisher_is_a_signer(kind: str) -> None:
    who, repository, workflow, publisher = SIGNERS[kind]

    signer = Signer.of(who)

    assert signer == Signer(who.issuer, repository, workflow, publisher)
    kept = text_of(parse_attestations(json.dumps([GOOD])))
    assert kept is not None
    served: Any = json.loads(Attested(who, kept).provenance())
    assert served["attestation_bundles"][0]["publisher"] == publisher


NOBODY: dict[str, tuple[Callable[[], Identity], str]] = {
    "another issuer": (
        lambda: identity(Preset.NONE, "https://agent.buildkite.com", {"sub": "acme:tools"}),
        "attestations by agent.buildkite.com:acme:tools cannot be verified",
    ),
    "no configuration of its own": (
        lambda: identity(Preset.GITLAB, GITLAB, gitlab(ci_config_ref_uri=None)),
        "has no ci_config_ref_uri",
    ),
    "no workflow": (
        lambda: identity(Preset.GITHUB, GITHUB, github(workflow_ref=None)),
        "has no workflow_ref",
    ),
}


@pytest.mark.parametrize("kind", NOBODY)
def test_who_is_no_signer_is_told_why(kind: str) -> None:
    make, sentence = NOBODY[kind]

    with pytest.raises(InvalidAttestations, match=sentence):
        Signer.of(make())
