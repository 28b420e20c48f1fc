"""Times as people and programs write and read them."""

from datetime import UTC, datetime

from wheelyard_core.domain.errors import InvalidInput


def parse_moment(text: str, field: str) -> datetime:
    """Read a date, which means its midnight in UTC, or an ISO 8601 time. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        # A time beside the first or the last year may have no name in UTC.
        raise InvalidInput(
            f"{field} must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z"
        ) from error


def format_moment(moment: datetime) -> str:
    """Write a time as GitLab's API does, in UTC and to the millisecond, with a `Z`.

    Programs made for GitLab read it by this very pattern.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
