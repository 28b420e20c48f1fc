"""The chart, rendered by a real helm; what several tests look at is rendered once."""

import pytest
from tests.support.chart import Chart, Rendered, find_helm
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without

EXAMPLES = ("default", "dev", "minimal", "full", "ha", "gitops")


@pytest.fixture(scope="session")
def chart(machine: Machine) -> Chart:
    try:
        return Chart(find_helm(machine))
    except Missing as missing:
        without(missing, required=machine.requires_all)


@pytest.fixture(scope="session")
def examples(chart: Chart) -> dict[str, Rendered]:
    return {name: chart.render(name) for name in EXAMPLES}


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest, examples: dict[str, Rendered]) -> Rendered:
    return examples[request.param]
