import re
from pathlib import Path

from wheelyard_core.adapters.tracing.otlp import attribute_name
from wheelyard_core.ports import Attributes, Span

PAGE = Path(__file__).parent.parent / "docs" / "OPERATIONS.md"


def _first_columns(heading: str) -> list[str]:
    """Return what stands in the first column of the table with this heading."""
    table = PAGE.read_text(encoding="utf-8").partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_span_is_documented_and_every_documented_one_exists() -> None:
    assert sorted(_first_columns("span")) == sorted(span.value for span in Span)


def test_every_attribute_is_documented_and_every_documented_one_exists() -> None:
    keys = Attributes.__optional_keys__

    assert sorted(_first_columns("attribute")) == sorted(attribute_name(key) for key in keys)
