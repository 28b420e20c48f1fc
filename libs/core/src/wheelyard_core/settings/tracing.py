"""Where traces go, and how many requests have one."""

from typing import Final, NamedTuple

from wheelyard_core.settings.forms import parse_ratio, url_of
from wheelyard_core.settings.setting import Setting, Source

_ENDPOINT: Final = Setting(
    "WHEELYARD_TRACING_ENDPOINT",
    url_of("http", "https"),
    "",
    "The OpenTelemetry collector that traces are sent to by OTLP over HTTP, like"
    " `http://collector:4318`; nothing is traced unless given.",
)
_SAMPLE_RATIO: Final = Setting(
    "WHEELYARD_TRACING_SAMPLE_RATIO",
    parse_ratio,
    "0.05",
    "The share of requests for which a trace is begun, from 0 to 1; a trace that comes with a"
    " request keeps its own sampling.",
)


class TracingSettings(NamedTuple):
    """Where traces go; to nowhere where there is no endpoint."""

    endpoint: str
    sample_ratio: float

    @classmethod
    def read(cls, source: Source) -> "TracingSettings":
        """Build from a source."""
        return cls(source.read(_ENDPOINT), source.read(_SAMPLE_RATIO))
