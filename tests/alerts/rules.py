"""The rules as they lie in the chart, which Prometheus reads as they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "charts" / "wheelyard" / "rules"
FILES = sorted(FOLDER.glob("*.yaml"))
Group = dict[str, Any]
_SLO = re.compile(r'slo=~?"([a-z_|]+)"')


@dataclass(frozen=True)
class Alert:
    """One alert. `after` is its `for`."""

    name: str
    expr: str
    after: str
    severity: str
    annotations: dict[str, str] = field(hash=False)

    @property
    def slos(self) -> frozenset[str]:
        """The promises whose recorded ratios it asks for."""
        return frozenset(slo for found in _SLO.findall(self.expr) for slo in found.split("|"))

    def as_rule(self) -> dict[str, Any]:
        """Return what Prometheus needs to know of it, without its words."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.after,
            "labels": {"severity": self.severity},
        }


@cache
def groups_of_files() -> list[Group]:
    """Return the groups of rules of all files."""
    return [group for file in FILES for group in yaml.safe_load(file.read_text())["groups"]]


def read_alerts(groups: Sequence[Group]) -> dict[str, Alert]:
    """Return every alert by its name."""
    found = {}
    for group in groups:
        for rule in group["rules"]:
            if "alert" in rule:
                assert rule["alert"] not in found, f"{rule['alert']} is there twice"
                assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
                assert rule["labels"].keys() == {"severity"}, rule["alert"]
                found[rule["alert"]] = Alert(
                    rule["alert"],
                    " ".join(rule["expr"].split()),
                    rule.get("for", "0m"),
                    rule["labels"]["severity"],
                    rule["annotations"],
                )
    return found


def recorded(alert: Alert, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return the recording rules that an alert asks for."""
    return [
        rule
        for group in groups
        for rule in group["rules"]
        if "record" in rule and rule["record"] in alert.expr and rule["labels"]["slo"] in alert.slos
    ]


def recorded_names() -> set[str]:
    """Return the names of all that is recorded."""
    return {
        rule["record"] for group in groups_of_files() for rule in group["rules"] if "record" in rule
    }


def expressions() -> dict[str, str]:
    """Return every expression, by where it is."""
    return {
        f"{group['name']}/{rule.get('alert', rule.get('record'))}": " ".join(rule["expr"].split())
        for group in groups_of_files()
        for rule in group["rules"]
    }


ALERTS = read_alerts(groups_of_files())
