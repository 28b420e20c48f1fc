"""Every archive of the hostile table is refused, in bounded time, in words that name the flaw."""

import io
import re

import pytest
from tests.support.hostile import HOSTILE, Hostile

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import verify


# A bomb that is not refused early runs for minutes; how fast is a matter for bench/.
@pytest.mark.timeout(90)
@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_a_hostile_archive_is_refused_in_words(case: Hostile) -> None:
    built = case.built
    filename = DistributionFilename.parse(built.filename)

    with pytest.raises(InvalidDistribution) as refusal:
        verify(io.BytesIO(built.content), filename, ArchiveLimits())

    assert any(re.search(case.sentence, problem) for problem in refusal.value.problems), (
        refusal.value.problems
    )
    assert len(refusal.value.problems) <= 51
    assert all(
        problem.endswith(".") and problem.isprintable() for problem in refusal.value.problems
    )


def test_no_two_cases_have_one_name() -> None:
    names = [case.name for case in HOSTILE]

    assert len(set(names)) == len(names)
