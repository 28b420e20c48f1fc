"""What `verify` says about whole distributions: the good ones, and how a verdict reads."""

import io

import pytest
from tests.support.distributions import ADistribution, Built

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import Verified, verify


def verified(built: Built, limits: ArchiveLimits | None = None) -> Verified:
    filename = DistributionFilename.parse(built.filename)
    return verify(io.BytesIO(built.content), filename, limits or ArchiveLimits())


def test_a_plain_wheel_is_verified() -> None:
    result = verified(ADistribution().requiring_python(">=3.8").wheel())

    assert result.metadata.name == "demo"
    assert result.metadata.requires_python == ">=3.8"
    assert result.metadata_available


def test_a_plain_sdist_is_verified() -> None:
    result = verified(ADistribution().sdist())

    assert result.metadata.version == "1.0"
    assert result.metadata_available


def test_metadata_bytes_are_verbatim() -> None:
    distribution = ADistribution().described("Grüße\r\nfrom here\n")

    assert verified(distribution.wheel()).metadata_bytes == distribution.core_metadata()
    assert verified(distribution.sdist()).metadata_bytes == distribution.core_metadata()


def test_problems_of_all_kinds_come_in_one_verdict() -> None:
    wheel = (
        ADistribution()
        .with_wheel_file("Wheel-Version: 2.0\nTag: py2-none-any\n")
        .with_entry_points("[console_scripts]\n../evil = demo:main\n")
        .with_field("Requires-Python", "snake")
        .with_record("ghost.py,,\n")
        .wheel()
    )

    with pytest.raises(InvalidDistribution) as refusal:
        verified(wheel)

    sentences = "\n".join(refusal.value.problems)
    for part in ("Wheel-Version", "tags", "../evil", "'snake'", "ghost.py", "demo.py"):
        assert part in sentences
