"""Questions that several panels ask."""

from typing import Final

from scripts.dashboards.model import Query

R: Final = "[$__rate_interval]"


def quantiles(bucket: str, selector: str = "", by: str = "") -> list[Query]:
    """Ask for the median and for what one in twenty exceeds."""
    chosen = f"{{$yard,{selector}}}" if selector else "{$yard}"
    return [
        Query(
            f"histogram_quantile({q}, sum by (le{by and f', {by}'}) (rate({bucket}{chosen}{R})))",
            f"{{{{{by}}}}} {name}".strip() if by else name,
        )
        for q, name in ((0.5, "median"), (0.95, "95 %"))
    ]


def age(metric: str, by: str, legend: str, *, rare: bool = False) -> Query:
    """Ask how long ago something last was."""
    return Query(f"time() - max by ({by}) ({metric}{{$yard}})", legend, rare=rare)
