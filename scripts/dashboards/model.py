"""What a dashboard is, and the JSON that Grafana wants of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 24
_HEIGHT: Final = {"stat": 4, "timeseries": 8, "table": 8}
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
# In a description `$yard` stands for what chooses one Wheelyard among several.
_YARD: Final = 'namespace=~"$namespace",job=~"$release"'


@dataclass(frozen=True)
class Query:
    """A query and the name of its series. *rare*: without data until something special happened."""

    expr: str
    legend: str = ""
    rare: bool = False

    @property
    def full(self) -> str:
        """The query as Grafana sends it."""
        return self.expr.replace("$yard", _YARD)


@dataclass(frozen=True)
class Panel:
    """A picture of some queries; *unit* is one of Grafana's."""

    title: str
    queries: Sequence[Query]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    text: str = ""
    stacked: bool = False


@dataclass(frozen=True)
class Dashboard:
    """Panels under headings."""

    name: str
    title: str
    text: str
    rows: dict[str, Sequence[Panel]]

    @property
    def panels(self) -> Iterator[Panel]:
        """All of them."""
        for panels in self.rows.values():
            yield from panels

    def as_json(self) -> dict[str, Any]:
        """Return what Grafana imports."""
        return {
            "uid": f"wheelyard-{self.name}",
            "title": f"Wheelyard / {self.title}",
            "description": self.text,
            "tags": ["wheelyard"],
            "schemaVersion": 39,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": _VARIABLES},
            "links": [
                {
                    "type": "dashboards",
                    "title": "Wheelyard",
                    "tags": ["wheelyard"],
                    "asDropdown": False,
                    "keepTime": True,
                    "includeVars": True,
                }
            ],
            "panels": list(_placed(self.rows)),
        }


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "multi": False,
        # Also where a scrape adds no such label.
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


_BUILD: Final = "wheelyard_build_info"
_VARIABLES: Final = [
    {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {},
    },
    _variable("namespace", "Namespace", f"label_values({_BUILD}, namespace)"),
    _variable("release", "Release", f'label_values({_BUILD}{{namespace=~"$namespace"}}, job)'),
]


def _placed(rows: dict[str, Sequence[Panel]]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in rows.items():
        place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": title, "gridPos": place, "panels": []}
        number, top, left, deepest = number + 1, top + 1, 0, 0
        for panel in panels:
            height = _HEIGHT[panel.kind]
            if left + panel.width > WIDTH:
                left, top, deepest = 0, top + deepest, 0
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            number, left, deepest = number + 1, left + panel.width, max(deepest, height)
        top += deepest


def _panel(panel: Panel) -> dict[str, Any]:
    is_now = panel.kind != "timeseries"
    custom = {"fillOpacity": 10, "showPoints": "never"}
    if panel.stacked:
        custom |= {"fillOpacity": 40, "stacking": {"mode": "normal"}}
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.kind == "timeseries":
        defaults["custom"] = custom
    options: dict[str, Any] = {}
    if panel.kind == "timeseries":
        options = {"legend": {"displayMode": "list", "placement": "bottom"}}
    elif panel.kind == "stat":
        options = {"colorMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": query.full,
                "legendFormat": query.legend,
                "instant": is_now,
                "range": not is_now,
                "format": "table" if panel.kind == "table" else "time_series",
            }
            for place, query in enumerate(panel.queries)
        ],
    }
