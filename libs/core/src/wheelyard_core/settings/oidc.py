"""Whose ID tokens are taken for trusted publishing."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from wheelyard_core.domain.issuers import Issuer, parse_issuers
from wheelyard_core.settings.forms import parse_path, url_of
from wheelyard_core.settings.setting import Setting, Source

_ISSUERS: Final = Setting(
    "WHEELYARD_OIDC_ISSUERS",
    parse_issuers,
    "",
    "Issuers of ID tokens for trusted publishing, as JSON: "
    '`[{"url": "https://gitlab.com", "preset": "gitlab"}]`. Presets: `github`, `gitlab`, `none`; '
    "`audience` and `jwks_url` may be given for each.",
)
_AUDIENCE: Final = Setting(
    "WHEELYARD_OIDC_AUDIENCE",
    str,
    "wheelyard",
    "The audience that ID tokens must be for. Choose one for each instance, so that none takes "
    "tokens that were meant for another.",
)
_CA_FILE: Final = Setting(
    "WHEELYARD_OIDC_CA_FILE",
    parse_path,
    "",
    "CA certificates for issuers, in addition to those of the system.",
)
_PROXY: Final = Setting(
    "WHEELYARD_OIDC_PROXY",
    url_of("http", "https"),
    "",
    "The proxy for requests to issuers with https, like `http://proxy:3128` or"
    " `http://user:password@proxy:3128`. The environment's `HTTPS_PROXY` is not read.",
    secret=True,
)


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Which issuers are known, and what their tokens must be for."""

    issuers: tuple[Issuer, ...]
    audience: str
    ca_file: Path | None
    proxy: str = field(repr=False, default="")

    @classmethod
    def read(cls, source: Source) -> "OidcSettings":
        """Build from a source."""
        audience = source.read(_AUDIENCE) or "wheelyard"
        issuers = source.read(_ISSUERS)
        return cls(
            tuple(replace(one, audience=one.audience or audience) for one in issuers),
            audience,
            source.read(_CA_FILE),
            source.read(_PROXY),
        )
