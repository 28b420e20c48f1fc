"""The chart's own page is what the schema and the values say."""

from scripts import chart_docs
from tests.support.chart import CHART


def test_the_tables_are_written_from_the_schema_and_the_values() -> None:
    page = (CHART / "README.md").read_text()

    assert page == chart_docs.rendered(), "write it anew: make generate"
    assert "| `externalDatabase.existingSecretPasswordKey` | `password` | The key" in page
