"""How packages stand, alone and in a group."""

import pytest

from wheelyard_core.domain.errors import NotAllowed
from wheelyard_core.domain.standing import PackageStatus, Standing, standing_of_all

ACTIVE, ARCHIVED, QUARANTINED, DEPRECATED = (Standing(status) for status in PackageStatus)


def test_archived_and_quarantined_packages_take_no_files() -> None:
    for standing in (ACTIVE, DEPRECATED):
        standing.require_open("demo")
    with pytest.raises(NotAllowed, match=r"demo is archived and takes no new files$"):
        ARCHIVED.require_open("demo")
    with pytest.raises(NotAllowed, match=r"quarantined and takes no new files: bad\\nnews$"):
        Standing(PackageStatus.QUARANTINED, "bad\nnews").require_open("demo")


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ([], ACTIVE),
        ([ARCHIVED], ARCHIVED),
        ([QUARANTINED], QUARANTINED),
        ([ARCHIVED, ARCHIVED], ARCHIVED),
        ([ARCHIVED, DEPRECATED], ACTIVE),
        ([ACTIVE, DEPRECATED], ACTIVE),
        ([QUARANTINED, DEPRECATED], DEPRECATED),
        ([QUARANTINED, ACTIVE], ACTIVE),
        ([QUARANTINED, QUARANTINED], QUARANTINED),
    ],
)
def test_a_group_says_what_all_agree_on_that_show_files(
    standings: list[Standing], expected: Standing
) -> None:
    assert standing_of_all(standings) == expected


def test_the_first_reason_is_given() -> None:
    first, second = (Standing(PackageStatus.ARCHIVED, word) for word in ("one", "two"))

    assert standing_of_all([first, second]) == first
