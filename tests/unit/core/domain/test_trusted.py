import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.issuer import github, gitlab

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.issuers import Issuer, Preset, parse_issuers
from wheelyard_core.domain.trusted import Identity, Rule, anchors_of, claim_text, fits

GITHUB = Issuer("https://token.actions.githubusercontent.com", Preset.GITHUB)
GITLAB = Issuer("https://gitlab.example", Preset.GITLAB)
OTHER = Issuer("https://ci.example/", Preset.NONE)
ISSUERS = (GITHUB, GITLAB, OTHER)
WORKFLOW = "acme/tools/.github/workflows/publish.yml@refs/tags/v1.0"


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("acme/tools", "acme/tools", True),
        ("acme/tools", "Acme/tools", False),
        ("acme/tools", "acme/tools-evil", False),
        ("acme/tools", "evil/acme/tools", False),
        ("acme/*", "acme/tools", True),
        ("acme/*", "acme/", True),
        ("acme/*", "acme/sub/tools", False),
        ("acme/*", "acme-evil/tools", False),
        ("acme/**", "acme/sub/tools", True),
        ("acme/**", "acme", False),
        ("refs/tags/v*", "refs/tags/v1.0", True),
        ("refs/tags/v*", "refs/tags/v1/x", False),
        ("refs/heads/*", "refs/tags/main", False),
        ("*", "anything", True),
        ("*", "with/slash", False),
        ("**", "with/slash", True),
        ("**/publish.yml@refs/tags/*", WORKFLOW, True),
        ("*publish*", "publish", True),
        ("a**b", "ab", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("***", "a/b", True),
        # Nothing but a star is special.
        ("acme/to?ls", "acme/tools", False),
        ("acme/[t]ools", "acme/tools", False),
        ("acme/.*", "acme/tools", False),
        ("acme/.*", "acme/.github", True),
        ("refs/tags/v1.0", "refs/tags/v1x0", False),
        ("v*", "v1\nx", True),
    ],
)
def test_a_star_stands_for_what_has_no_slash(pattern: str, value: str, *, expected: bool) -> None:
    assert fits(pattern, value) is expected


@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=10))
def test_patterns_mean_what_a_regular_expression_would(pattern: str, value: str) -> None:
    pieces = re.findall(r"\*\*|\*|[^*]+", pattern)
    means = {"**": ".*", "*": "[^/]*"}
    expression = "".join(means.get(piece, re.escape(piece)) for piece in pieces)

    assert fits(pattern, value) is bool(re.fullmatch(expression, value))


def test_a_pattern_full_of_stars_is_answered_at_once() -> None:
    assert not fits("**a" * 80 + "b", "a" * 1024)
    assert not fits("**", "a" * 100_000)


def test_a_rule_needs_every_claim_that_it_names() -> None:
    rule = Rule.parse(
        GITHUB.url,
        {"repository": "acme/tools", "workflow_ref": WORKFLOW, "environment": "pypi"},
        ISSUERS,
    )

    assert not rule.matches(github())
    assert not rule.matches(github(environment=""))
    assert not rule.matches(github(environment=["pypi"]))
    assert not rule.matches(github(environment="pypi2"))
    assert not rule.matches(github("acme/tools2", environment="pypi"))
    assert rule.matches(github(environment="pypi"))


def test_a_claim_with_only_a_star_must_still_be_there() -> None:
    claims = {"project_path": "acme/tools", "ref_path": "refs/tags/*", "environment": "*"}
    rule = Rule.parse(GITLAB.url, claims, ISSUERS)

    assert not rule.matches(gitlab())
    assert rule.matches(gitlab(environment="production"))


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("x", "x"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        ("", None),
        (None, None),
        (1.5, None),
        (["x"], None),
        ({"x": 1}, None),
        ("a\nb", None),
        ("\x00", None),
        ("\ud800", None),
    ],
)
def test_claims_are_compared_as_plain_texts(claim: object, text: str | None) -> None:
    assert claim_text(claim) == text


@pytest.mark.parametrize(
    ("issuer", "claims"),
    [
        (GITHUB, {"repository": "acme/tools", "workflow_ref": WORKFLOW}),
        (GITHUB, {"repository": "acme/*", "job_workflow_ref": "acme/ci/.github/workflows/*@**"}),
        (GITLAB, {"project_path": "acme/sub/tools", "ref_path": "refs/tags/v*"}),
        (GITLAB, {"project_path": "acme/**", "environment": "production"}),
        (GITLAB, {"project_path": "acme/tools", "ref": "main", "ref_protected": "true"}),
        (OTHER, {"sub": "exactly this"}),
        (OTHER, {"sub": "organization:acme:pipeline:tools:**"}),
        (OTHER, {"sub": "org/1234/project/*", "kubernetes.io/pod": "x"}),
    ],
)
def test_a_rule_that_says_who_is_taken(issuer: Issuer, claims: dict[str, str]) -> None:
    assert Rule.parse(issuer.url, claims, ISSUERS) == Rule(issuer.url, claims)


@pytest.mark.parametrize(
    ("issuer", "claims", "word"),
    [
        (GITHUB, {}, "must have repository"),
        (GITHUB, {"workflow_ref": WORKFLOW}, "must have repository"),
        (GITHUB, {"repository_owner": "acme", "workflow_ref": WORKFLOW}, "must have repository"),
        (GITHUB, {"repository": "**", "workflow_ref": WORKFLOW}, "too wide"),
        (GITHUB, {"repository": "*/tools", "workflow_ref": WORKFLOW}, "too wide"),
        (GITHUB, {"repository": "acme*", "workflow_ref": WORKFLOW}, "too wide"),
        (GITHUB, {"repository": "acme**", "workflow_ref": WORKFLOW}, "too wide"),
        (GITHUB, {"repository": "/**", "workflow_ref": WORKFLOW}, "too wide"),
        (GITHUB, {"repository": "acme/tools"}, "workflow_ref or job_workflow_ref"),
        (GITHUB, {"repository": "acme/tools", "workflow_ref": "**"}, "not a star alone"),
        (GITHUB, {"repository": "acme/tools", "workflow_ref": "*/*@**"}, "not a star alone"),
        (GITHUB, {"repository": "acme/tools", "environment": "pypi"}, "workflow_ref"),
        (GITLAB, {"ref": "main"}, "must have project_path"),
        (GITLAB, {"project_path": "*", "ref": "main"}, "too wide"),
        (GITLAB, {"project_path": "acme/tools"}, "must have ref_path or"),
        (OTHER, {"repository": "acme/tools"}, "must have sub"),
        (OTHER, {"sub": "**"}, "too wide"),
        (OTHER, {"sub": "repo:**"}, "too wide"),
        (OTHER, {"sub": "repo:*/tools"}, "too wide"),
        (OTHER, {"sub": "repo::**"}, "too wide"),
        (OTHER, {"sub": "x", "aud": "wheelyard"}, "cannot have aud"),
        (OTHER, {"sub": "x", "iss": "y"}, "cannot have iss"),
        (OTHER, {"sub": ""}, "not empty"),
        (OTHER, {"sub": "x", "": "y"}, "not empty"),
        (OTHER, {"sub": "x\n"}, "can be shown"),
        (OTHER, {"sub": "x" * 256}, "too long"),
        (OTHER, {"sub": "x"} | {f"claim{n}": "y" for n in range(20)}, "too many"),
    ],
)
def test_a_rule_that_could_mean_anybody_is_refused(
    issuer: Issuer, claims: dict[str, str], word: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(word)):
        Rule.parse(issuer.url, claims, ISSUERS)


@pytest.mark.parametrize("url", ["https://evil.example", "https://gitlab.example/", ""])
def test_a_rule_about_an_unknown_issuer_names_those_that_are_known(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"https://gitlab\.example, https://ci\.example/"):
        Rule.parse(url, {"sub": "x"}, ISSUERS)


@pytest.mark.parametrize(
    ("issuer", "claims", "anchor"),
    [
        (GITHUB, {"repository": "acme/tools", "workflow_ref": "a/*"}, "acme/tools"),
        (GITHUB, {"repository": "acme/*", "workflow_ref": "a/*"}, None),
        (GITLAB, {"project_path": "acme/*", "ref": "x", "sub": "y"}, "y"),
    ],
)
def test_an_anchor_is_a_value_that_every_token_of_the_rule_has(
    issuer: Issuer, claims: dict[str, str], anchor: str | None
) -> None:
    rule = Rule(issuer.url, claims)

    assert rule.anchor == anchor
    if anchor is not None:
        assert anchor in anchors_of(claims)


def test_the_identity_keeps_what_matters_and_no_address_of_a_person() -> None:
    rule = Rule(GITLAB.url, {"project_path": "acme/tools", "deployment_tier": "production"})

    kept = Identity.of(GITLAB, gitlab(deployment_tier="production", extra="x"), [rule])

    assert kept.claims["project_path"] == "acme/tools"
    assert kept.claims["deployment_tier"] == "production"
    assert not {"user_email", "extra"} & kept.claims.keys()
    assert kept.name == "gitlab:acme/tools"
    assert Identity.read(kept.document()) == kept


@pytest.mark.parametrize(
    ("issuer", "claims", "web_url"),
    [
        (GITHUB, github(), "https://github.com/acme/tools/actions/runs/1234567"),
        (
            Issuer("https://token.actions.acme.ghe.com", Preset.GITHUB),
            github(),
            "https://acme.ghe.com/acme/tools/actions/runs/1234567",
        ),
        (
            Issuer("https://git.example/_services/token", Preset.GITHUB),
            github(),
            "https://git.example/acme/tools/actions/runs/1234567",
        ),
        (GITLAB, gitlab(), "https://gitlab.example/acme/tools/-/pipelines/555"),
        (OTHER, {"sub": "x", "run_id": "9"}, None),
        (GITHUB, {"repository": "acme/tools"}, None),
    ],
)
def test_the_run_that_published_has_an_address(
    issuer: Issuer, claims: dict[str, object], web_url: str | None
) -> None:
    assert Identity.of(issuer, claims, []).pipeline["web_url"] == web_url


def test_issuers_are_read_with_what_is_said_of_them() -> None:
    found = parse_issuers(
        '[{"url": "https://gitlab.com", "preset": "gitlab", "audience": "https://yard.example"},'
        ' {"url": "http://127.0.0.1:9/x", "jwks_url": "http://localhost:9/keys"}]'
    )

    assert found == (
        Issuer("https://gitlab.com", Preset.GITLAB, "https://yard.example"),
        Issuer("http://127.0.0.1:9/x", Preset.NONE, "", "http://localhost:9/keys"),
    )
    assert parse_issuers("") == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://gitlab.com", "JSON list"),
        ('{"url": "https://gitlab.com"}', "JSON list"),
        ('["https://gitlab.com"]', "JSON list"),
        ("[" * 100_000, "JSON list"),
        ('[{"url": "http://gitlab.com"}]', "https://"),
        ('[{"url": "https://"}]', "https://"),
        ('[{"url": "https://user@gitlab.com"}]', "https://"),
        ('[{"url": "https://gitlab.com:0"}]', "https://"),
        ('[{"url": "https://[::1"}]', "https://"),
        ('[{"url": "ftp://127.0.0.1"}]', "https://"),
        ('[{"url": "http://127.0.0.1.evil.example"}]', "https://"),
        ('[{"url": "https://a.example", "jwks_url": "file:///etc/passwd"}]', "https://"),
        ('[{"preset": "github"}]', "https://"),
        ('[{"url": "https://a.example", "preset": "GitHub"}]', "github, gitlab, none"),
        ('[{"url": "https://a.example", "audience": 7}]', "are texts"),
        ('[{"url": "https://a.example", "issuer": "x"}]', "named url, preset, audience"),
        ('[{"url": "https://a.example"}, {"url": "https://a.example"}]', "once"),
    ],
)
def test_a_wrong_list_of_issuers_says_what_would_be_right(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=re.escape(word)):
        parse_issuers(text)
