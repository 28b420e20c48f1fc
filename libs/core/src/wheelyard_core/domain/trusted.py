"""Trusted publishers: which pipelines of which issuers may publish into a project.

An instance knows some issuers of ID tokens; a project has rules about the claims in them. A rule
names an issuer and, for some claims, the value or a pattern of it: `*` stands for anything without
a slash, `**` for anything. Whatever a rule does not name may be anything, so it must name enough:
each preset says what identifies somebody at such an issuer, and how much of that must be spelled.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.issuers import Issuer, Preset, issuer_named
from wheelyard_core.domain.wording import printable, quoted

_LONGEST: Final = 255
# Of a claim that is compared with stars.
_LONGEST_VALUE: Final = 1024
_MOST_CLAIMS: Final = 20
_PIECES: Final = re.compile(r"\*\*|\*|[^*]+")
# The registry decides about these itself.
_OURS: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rule must name at an issuer of some preset.

    The claim *identity*, whose first *spelled* parts must have no star, and one *of* these claims,
    if there are any. *recorded* are the claims that are kept with what was published, beside those
    that the rule names.
    """

    identity: str
    spelled: int
    of: tuple[str, ...]
    recorded: tuple[str, ...]


_DEMANDS: Final[dict[Preset, Demand]] = {
    # https://docs.github.com/actions/reference/security/oidc
    Preset.GITHUB: Demand(
        "repository",
        1,
        ("workflow_ref", "job_workflow_ref"),
        (
            *("sub", "repository", "repository_id", "repository_owner", "repository_owner_id"),
            *("ref", "sha", "workflow_ref", "job_workflow_ref", "environment"),
            *("event_name", "run_id", "run_attempt", "actor"),
        ),
    ),
    # https://docs.gitlab.com/ci/secrets/id_token_authentication/
    Preset.GITLAB: Demand(
        "project_path",
        1,
        ("ref_path", "ref", "environment", "ci_config_ref_uri"),
        (
            *("sub", "project_path", "project_id", "namespace_path", "namespace_id"),
            *("ref", "ref_type", "ref_path", "ref_protected", "sha", "ci_config_ref_uri"),
            *("environment", "pipeline_id", "pipeline_source", "job_id", "user_login"),
        ),
    ),
    Preset.NONE: Demand("sub", 2, (), ("sub",)),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose ID tokens are trusted: an issuer, and what the claims must be."""

    issuer: str
    claims: Mapping[str, str]

    @classmethod
    def parse(cls, issuer_url: str, claims: Mapping[str, str], issuers: Sequence[Issuer]) -> "Rule":
        """Return the rule. Raises InvalidInput when it could match somebody nobody meant."""
        issuer = issuer_named(issuer_url, issuers)
        if issuer is None:
            known = ", ".join(one.url for one in issuers) or "none"
            raise InvalidInput(
                f"issuer does not have a valid value: the issuers of this registry are {known}"
            )
        for name, pattern in claims.items():
            _check_claim(name, pattern)
        if len(claims) > _MOST_CLAIMS:
            raise InvalidInput(f"claims has too many of them (maximum is {_MOST_CLAIMS})")
        _check_demand(_DEMANDS[issuer.preset], claims)
        return cls(issuer.url, dict(claims))

    def matches(self, claims: Mapping[str, object]) -> bool:
        """Tell whether every claim that the rule names is there and as the rule says."""
        return all(
            (value := claim_text(claims.get(name))) is not None and fits(pattern, value)
            for name, pattern in self.claims.items()
        )

    @property
    def anchor(self) -> str | None:
        """A value that every token of this rule has in some claim: how rules are looked up."""
        return next((value for value in anchors_of(self.claims) if "*" not in value), None)


@dataclass(frozen=True, slots=True)
class TrustedPublisherRule:
    """A rule of a project, as it is kept."""

    id: int
    project_id: int
    rule: Rule
    created_at: datetime
    last_used_at: datetime | None


def anchors_of(claims: Mapping[str, object]) -> list[str]:
    """Return the values by which rules about these claims may be anchored."""
    values = (claim_text(claims.get(demand.identity)) for demand in _DEMANDS.values())
    return [value for value in values if value is not None]


def fits(pattern: str, value: str) -> bool:
    """Tell whether *value* is as *pattern* says, in a time that no pattern can make long."""
    if "*" not in pattern or len(value) > _LONGEST_VALUE:
        return pattern == value
    # reached[n]: the pieces so far can stand for the first n characters.
    reached = [True] + [False] * len(value)
    for piece in _PIECES.findall(pattern):
        after = [False] * len(reached)
        for end in range(len(reached)):
            if piece in {"*", "**"}:
                more = end > 0 and after[end - 1] and (piece == "**" or value[end - 1] != "/")
                after[end] = reached[end] or more
            elif end >= len(piece) and reached[end - len(piece)]:
                after[end] = value.startswith(piece, end - len(piece))
        reached = after
    return reached[-1]


def claim_text(value: object) -> str | None:
    """Return a claim as rules compare it; None for one that is absent, empty or no plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isprintable() and text else None


def _check_claim(name: str, pattern: str) -> None:
    if name in _OURS:
        raise InvalidInput(f"claims cannot have {name}: the registry checks it in every token")
    if not name or not pattern or not f"{name}{pattern}".isprintable():
        raise InvalidInput("claims must have names and values that are not empty and can be shown")
    if max(len(name), len(pattern)) > _LONGEST:
        raise InvalidInput(f"claims has a text that is too long (maximum is {_LONGEST} characters)")


def _check_demand(demand: Demand, claims: Mapping[str, str]) -> None:
    identity = claims.get(demand.identity)
    if identity is None:
        raise InvalidInput(
            f"claims must have {demand.identity}: without it anybody at this issuer could publish"
        )
    # What stands before a separator is whole; the part that a star ends is not.
    whole = re.split("[/:]", identity.partition("*")[0])[:-1]
    if "*" in identity and not (len(whole) >= demand.spelled and all(whole)):
        parts = "part" if demand.spelled == 1 else f"{demand.spelled} parts"
        raise InvalidInput(
            f"claims has a {demand.identity} that is too wide: {quoted(identity)} must spell its "
            f"first {parts} (between / or :) without a star"
        )
    if demand.of and not any(claims.get(name, "").strip("*/@:") for name in demand.of):
        raise InvalidInput(
            f"claims must have {' or '.join(demand.of)}, and not a star alone: "
            f"{demand.identity} by itself would let whatever runs there publish"
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who published: an issuer's word for it. *claims* are those worth keeping, as texts."""

    issuer: str
    preset: Preset
    claims: Mapping[str, str]

    @classmethod
    def of(
        cls, issuer: Issuer, claims: Mapping[str, object], rules: Collection[Rule]
    ) -> "Identity":
        """Return what is kept of a token's claims: the preset's, and those that rules name."""
        names = {
            *_DEMANDS[issuer.preset].recorded,
            *(name for rule in rules for name in rule.claims),
        }
        texts = {name: claim_text(claims.get(name)) for name in sorted(names)}
        return cls(issuer.url, issuer.preset, {name: text for name, text in texts.items() if text})

    @property
    def subject(self) -> str:
        """The repository, the project, or whatever else the issuer vouches for."""
        return self.claims.get(_DEMANDS[self.preset].identity, "")

    @property
    def name(self) -> str:
        """How people see it beside what it published: `github:acme/tools`."""
        host = urlsplit(self.issuer).netloc
        origin = self.preset.value if self.preset is not Preset.NONE else host
        return printable(f"{origin}:{self.subject}", _LONGEST - 1)

    @property
    def server(self) -> str:
        """The forge that the issuer speaks for."""
        base = self.issuer.rstrip("/")
        if self.preset is not Preset.GITHUB:
            return base
        # GitHub's issuer is a host of its own, and an enterprise may have a path there; that of
        # GitHub Enterprise is below its server.
        if urlsplit(base).netloc == "token.actions.githubusercontent.com":
            return "https://github.com"
        return base.removesuffix("/_services/token").replace("//token.actions.", "//")

    @property
    def pipeline(self) -> Mapping[str, object]:
        """The run that published, as GitLab's API shows a package's pipeline."""
        claims = self.claims
        number, address = None, None
        if self.preset is Preset.GITHUB and "run_id" in claims:
            number = claims["run_id"]
            address = f"{self.server}/{self.subject}/actions/runs/{number}"
        if self.preset is Preset.GITLAB and "pipeline_id" in claims:
            number = claims["pipeline_id"]
            address = f"{self.server}/{self.subject}/-/pipelines/{number}"
        return {
            "id": int(number) if number and number.isdecimal() else None,
            "ref": claims.get("ref"),
            "sha": claims.get("sha"),
            "web_url": address,
        }

    def document(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"issuer": self.issuer, "preset": self.preset.value, "claims": dict(self.claims)}

    @classmethod
    def read(cls, document: Mapping[str, object]) -> "Identity":
        """Return what `document` gave."""
        claims = document["claims"]
        kept = claims if isinstance(claims, dict) else {}
        return cls(str(document["issuer"]), Preset(str(document["preset"])), kept)
