"""The dashboards are those that are described, ask only for what is shown, and can be imported."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from scripts.dashboards.__main__ import DASHBOARDS, FOLDER, file_of, rendered
from scripts.dashboards.model import Dashboard
from tests.alerts.queries import complaints

PAGES = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)


def test_the_files_are_those_that_are_described() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{it.name}.json" for it in DASHBOARDS}
    for dashboard in DASHBOARDS:
        written = file_of(dashboard).read_text()
        assert written == rendered(dashboard), "write them anew: python -m scripts.dashboards"


@PAGES
def test_a_dashboard_can_be_imported_again_and_again(dashboard: Dashboard) -> None:
    found = dashboard.as_json()

    assert len(found["uid"]) <= 40
    assert [variable["name"] for variable in found["templating"]["list"]] == [
        "datasource",
        "namespace",
        "release",
    ]
    numbers = [panel["id"] for panel in found["panels"]]
    assert len(numbers) == len(set(numbers))
    sources = re.findall(r'"uid": "([^"]+)"', json.dumps(found))
    assert set(sources) == {found["uid"], "${datasource}"}


@PAGES
def test_panels_cover_no_others(dashboard: Dashboard) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard.as_json()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


@PAGES
def test_a_query_asks_only_for_what_is_shown_and_for_one_wheelyard(dashboard: Dashboard) -> None:
    for panel in dashboard.panels:
        for query in panel.queries:
            assert complaints(query.full) == [], panel.title
            if "wheelyard_" in query.expr:
                assert "$yard" in query.expr, panel.title


def test_promtool_parses_the_queries(promtool: str, tmp_path: Path) -> None:
    queries = [query for it in DASHBOARDS for panel in it.panels for query in panel.queries]
    rules = [
        {"record": f"query:{number}", "expr": query.full.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries)
    ]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))

    done = subprocess.run(
        [promtool, "check", "rules", "--lint=none", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
