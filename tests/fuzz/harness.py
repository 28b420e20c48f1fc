"""How often, what is odd, and what every answer must be.

`make test` tries few examples, and always the same; `make fuzz EXAMPLES=…` as many as are wanted.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.support.in_process import Yard
from werkzeug.test import TestResponse

from wheelyard_core.adapters.db.models import Base

EXAMPLES = int(os.environ.get("WHEELYARD_TEST_FUZZ", "0"))  # noqa: TID251  chosen by `make fuzz`

# Long enough for two busy cores: what takes longer hangs.
_HANGS = timedelta(seconds=20)
# Tokens' last use and the work that is promised change with every request.
_RESTLESS = frozenset({"outbox"})

ODD_TEXTS = [
    "", " ", "\0", "\n", "\r\n", "\t", "\x7f", "\x85", "\ufeff", "\u202e", "\u2028", "\u0130",
    "\u212a",
    "\U0001f600", "é", "e\u0301", "ﬁ", "%00", "%ff", "%2e%2e", "%252f", "..", ".", "/", "\\",
    "//", "'", '"',
    "`", "<script>", "&amp;", "${7*7}", "{{7*7}}", "null", "true", "-1", "0", "1e999", "NaN",
    "9" * 400,
    "a" * 300, "A" * 70_000, "1.0", "demo", "Demo", "1", "../../etc/passwd", "=cmd",
    "; DROP TABLE files",
]  # fmt: skip


def odd_texts() -> st.SearchStrategy[str]:
    """Return texts of any characters, and those that have broken programs."""
    return st.text(max_size=40) | st.sampled_from(ODD_TEXTS) | joined(ODD_TEXTS[:-9])


def joined(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=5).map("".join)


def fuzzed(usually: int) -> Callable[[Any], Any]:
    """Have a test tried on *usually* many examples, or on as many as `make fuzz` says."""
    return settings(
        max_examples=EXAMPLES or usually,
        derandomize=not EXAMPLES,
        deadline=_HANGS,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def check_refusal(answer: TestResponse) -> None:
    """See that an answer is no fault of ours and, where it refuses, one sentence as JSON."""
    assert answer.status_code < 500, answer.text
    if answer.status_code < 400 or not answer.data:
        return
    assert answer.headers["Content-Type"] == "application/json"
    told = json.loads(answer.data)
    code, _, sentence = told["code"].partition(" ")
    assert code == str(answer.status_code)
    assert any(char.isalpha() for char in sentence)
    assert told["message"].endswith(f" - {sentence}")
    assert "Traceback" not in answer.text
    assert answer.status.partition(" ")[2].isprintable()


def rows(yard: Yard) -> dict[str, int]:
    """Return how many rows every table has."""
    with yard.kept.session() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in _RESTLESS
        }
