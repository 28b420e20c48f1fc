"""What `verify` says about whole distributions: the good ones, and how a verdict reads."""

import io

import pytest
from tests.support.distributions import ADistribution, Built, zip_of

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


def test_a_thousand_problems_are_told_shortly() -> None:
    wheel = ADistribution()
    for number in range(60):
        wheel = wheel.with_member(f"../{number}.py")

    with pytest.raises(InvalidDistribution) as refusal:
        verified(wheel.wheel())

    assert len(refusal.value.problems) == 51
    assert refusal.value.problems[-1].startswith("And ")
    assert refusal.value.problems[-1].endswith(" more problems.")


def test_limits_are_what_they_are_set_to() -> None:
    wheel = ADistribution().with_payload(bytes(10_000)).wheel()

    assert verified(wheel, ArchiveLimits(max_expanded=20_000)).metadata_available
    for limits in (
        ArchiveLimits(max_expanded=9_000),
        ArchiveLimits(max_members=3),
        ArchiveLimits(max_ratio=2, ratio_threshold=5_000),
        ArchiveLimits(max_path=6),
        ArchiveLimits(max_metadata_size=10),
        ArchiveLimits(max_record_rows=3),
    ):
        with pytest.raises(InvalidDistribution):
            verified(wheel, limits)


def test_an_sdist_may_not_expand_beyond_its_limit() -> None:
    sdist = ADistribution().with_payload(bytes(100_000)).sdist()

    with pytest.raises(InvalidDistribution, match="expands to more than 50000 bytes"):
        verified(sdist, ArchiveLimits(max_expanded=50_000))


def test_an_sdist_may_not_have_more_members_than_its_limit() -> None:
    sdist = ADistribution().with_member("one.txt", b"").with_member("two.txt", b"").sdist()

    with pytest.raises(InvalidDistribution, match="more than 2 members"):
        verified(sdist, ArchiveLimits(max_members=2))


@pytest.mark.parametrize("member", ["demo.py", "demo-1.0.dist-info/METADATA"])
def test_every_member_is_compared_with_record(member: str) -> None:
    distribution = ADistribution()
    members = dict(distribution.wheel_members())
    members[member] += b"\n"
    wheel = distribution.wheel()

    with pytest.raises(InvalidDistribution) as refusal:
        verified(wheel.holding(zip_of(members.items())))

    sentences = "\n".join(refusal.value.problems)
    assert f"'{member}' does not have the digest" in sentences
    assert f"'{member}' has {len(members[member])} bytes, but" in sentences


def test_both_builders_are_reproducible() -> None:
    assert ADistribution().wheel() == ADistribution().wheel()
    assert ADistribution().sdist() == ADistribution().sdist()
