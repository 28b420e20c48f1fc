"""Says by name what did not run, because a green run without a server proves less."""

from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest
from tests.support.servers.finding import Missing

_MARK = "no server: "


def without(missing: Missing, *, required: bool) -> NoReturn:
    """End a test that needs what is missing: skipped, or failed where all is required."""
    reason = f"{_MARK}{missing}"
    if required:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def not_run(reports: Iterable[object]) -> list[str]:
    """Return one line for each thing that was missing: how many tests, and why."""
    reasons = Counter(
        reason for report in reports if (reason := _reason(getattr(report, "longrepr", None)))
    )
    return [
        f"not run: {count} {'test' if count == 1 else 'tests'}: {reason}"
        for reason, count in sorted(reasons.items())
    ]


def _reason(longrepr: object) -> str | None:
    # A skip is (file, line, reason), a failure renders as its text; both cross from xdist workers.
    text = longrepr[-1] if isinstance(longrepr, tuple) else str(longrepr or "")
    _, mark, reason = str(text).partition(_MARK)
    return reason.splitlines()[0] if mark else None
