"""A dashboard as a page with pictures, from what a Prometheus answers."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from scripts.dashboards.model import WIDTH, Dashboard, Panel, Query
from tests.support.servers.prometheus import Prometheus

Points = Sequence[tuple[float, float]]
Lines = Mapping[str, Points]

_COLOURS: Final = (
    "#3274d9", "#e0752d", "#56a64b", "#e02f44", "#8f3bb8", "#0f8b8d", "#b8860b", "#5a5a5a",
)  # fmt: skip
_VARIABLES: Final = {"$namespace": ".*", "$release": ".*", "$__rate_interval": "10s"}
_BOX: Final = (460, 150)
_COLUMN: Final = 60
_THOUSANDS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_STYLE: Final = """
body{font:13px sans-serif;margin:16px;background:#f4f5f5;color:#222;width:1460px}
h1{font-size:20px;margin:0 0 8px}h2{font-size:14px;margin:14px 0 6px}
.row{display:flex;flex-wrap:wrap;gap:8px}.panel{background:#fff;border:1px solid #ddd;padding:8px;
box-sizing:border-box}.panel b{display:block;margin-bottom:4px}.stat{font-size:22px;
padding-right:24px;display:inline-block}.stat small{display:block;font-size:11px;
color:#666}.none{color:#999}
.legend{font-size:11px;color:#444}td,th{padding:2px 10px;text-align:left}
"""


def asked(query: Query) -> str:
    """Return the query with Grafana's variables filled in."""
    text = query.full
    for name, value in _VARIABLES.items():
        text = text.replace(name, value)
    return text


def page(dashboard: Dashboard, prometheus: Prometheus, began: float, file: Path) -> int:
    """Write the page; return how high it is."""
    parts = [f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>"]
    parts.append(f"<h1>Wheelyard / {escape(dashboard.title)}</h1>")
    height = 90
    for title, panels in dashboard.rows.items():
        parts.append(f"<h2>{escape(title)}</h2><div class=row>")
        parts += [_panel(panel, prometheus, began) for panel in panels]
        parts.append("</div>")
        height += 40 + sum(_heights(panels))
    file.write_text("".join(parts))
    return height


def _heights(panels: Sequence[Panel]) -> Iterator[int]:
    width, highest = 0, 0
    for panel in panels:
        if width + panel.width > WIDTH:
            yield highest
            width, highest = 0, 0
        width += panel.width
        highest = max(highest, 80 if panel.kind == "stat" else 216)
    yield highest


def _panel(panel: Panel, prometheus: Prometheus, began: float) -> str:
    inside = {"stat": _stat, "table": _table, "timeseries": _graph}[panel.kind]
    width = panel.width * _COLUMN + (panel.width // 8 - 1) * 8
    return (
        f'<div class=panel style="width:{width}px"><b>{escape(panel.title)}</b>'
        f"{inside(panel, prometheus, began) or '<span class=none>no data</span>'}</div>"
    )


def _stat(panel: Panel, prometheus: Prometheus, _began: float) -> str:
    found = [
        (_named(query.legend, series["metric"]), float(series["value"][1]))
        for query in panel.queries
        for series in prometheus.query(asked(query))
    ]
    return "".join(
        f"<span class=stat>{_shown(value, panel.unit)}<small>{escape(name)}</small></span>"
        for name, value in found
    )


def _table(panel: Panel, prometheus: Prometheus, _began: float) -> str:
    found = prometheus.query(asked(panel.queries[0]))
    heads = sorted({label for series in found for label in series["metric"]})
    rows = [[series["metric"].get(head, "") for head in heads] for series in found]
    cells = "".join(f"<th>{escape(head)}" for head in heads)
    return f"<table><tr>{cells}" + "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in sorted(rows)
    )


def _graph(panel: Panel, prometheus: Prometheus, began: float) -> str:
    lines: dict[str, Points] = {}
    for query in panel.queries:
        answer = prometheus.ask(
            "query_range", query=asked(query), start=began, end=time.time(), step=1
        )
        for series in answer["result"]:
            points = [(float(at), float(value)) for at, value in series["values"]]
            lines[_named(query.legend, series["metric"])] = [
                (at, value)
                for at, value in points
                if value == value and value != float("inf")  # noqa: PLR0124  NaN
            ]
    if not any(lines.values()):
        return ""
    return _svg(lines, panel, began)


def _svg(lines: Lines, panel: Panel, began: float) -> str:
    width, height = panel.width * _COLUMN - 16, _BOX[1]
    end = time.time()
    top = max((value for points in lines.values() for _, value in points), default=0) or 1.0
    drawn = [
        f'<text x=2 y=10 font-size=10 fill="#777">{_shown(top, panel.unit)}</text>',
        f'<path d="M0 {height}H{width}M0 12H{width}" stroke="#ddd"/>',
    ]
    legend = []
    for place, (name, points) in enumerate(sorted(lines.items())):
        colour = _COLOURS[place % len(_COLOURS)]
        path = " ".join(
            f"{(at - began) / (end - began) * width:.1f},{height - value / top * (height - 12):.1f}"
            for at, value in points
        )
        drawn.append(f'<polyline points="{path}" fill=none stroke="{colour}" stroke-width=1.5 />')
        legend.append(f'<span style="color:{colour}">&#9632;</span> {escape(name)}')
    return (
        f"<svg width={width} height={height + 4}>{''.join(drawn)}</svg>"
        f"<div class=legend>{' &nbsp; '.join(legend)}</div>"
    )


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def _shown(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{100 * value:.2f} %"
    suffix = {"s": " s", "bytes": "B", "reqps": "/s", "ops": "/s"}.get(unit, "")
    for size, letter in _THOUSANDS:
        if abs(value) >= size:
            return f"{value / size:.2f} {letter}{suffix}"
    return f"{value:.3g}{suffix}"
