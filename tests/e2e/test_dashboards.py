"""What the dashboards ask of a Prometheus that scraped a running registry."""

import shutil

import pytest
from scripts.dashboards.__main__ import DASHBOARDS
from scripts.dashboards.drawing import asked
from scripts.dashboards.model import Query
from tests.alerts.queries import FOREIGN, metrics_in
from tests.alerts.rules import FILES
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.scraping import metrics_ports
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.prometheus import Prometheus
from tests.support.servers.report import without
from tests.support.uploading import Connection
from tests.support.wheelyard import Wheelyard

pytestmark = pytest.mark.e2e

# Every process shows these; the others of other exporters are not here.
_ALWAYS = frozenset({"process_resident_memory_bytes", "process_cpu_seconds_total", "ALERTS"})
_HERE = _ALWAYS | {"scrape_samples_scraped"}


def _answered(query: Query) -> bool:
    return not query.rare and not metrics_in(query.full) & (FOREIGN - _HERE)


@pytest.mark.timeout(180)
def test_every_query_gives_data(embedded: Wheelyard, machine: Machine) -> None:
    program = shutil.which("prometheus")
    if program is None:
        without(Missing("prometheus", ["on PATH"]), required=machine.requires_all)
    with Backstage(embedded) as backstage:
        project = backstage.seed.project()
        token = backstage.seed.developer_token(project)
    path = f"/api/v4/projects/{project.id}/packages/pypi"
    queries = [
        query
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        for query in panel.queries
        if _answered(query)
    ]
    with (
        Prometheus(program, metrics_ports(embedded), FILES) as prometheus,
        Connection(embedded.host, token) as client,
    ):
        prometheus.wait_until(lambda it: len(it.query("up == 1")) == 3, 60)
        client.upload(path, AForm.of(ADistribution().wheel()).body())
        client.get(f"{path}/simple/demo/")

        silent = {query.full for query in queries}
        # Rates need two scrapes, and recorded ones two evaluations more.
        prometheus.wait_until(lambda it: not _still_silent(it, queries, silent), 60)

    assert len(queries) > 40
    assert silent == set()


def _still_silent(prometheus: Prometheus, queries: list[Query], silent: set[str]) -> set[str]:
    for query in queries:
        if query.full in silent and prometheus.query(asked(query)):
            silent.remove(query.full)
    return silent
