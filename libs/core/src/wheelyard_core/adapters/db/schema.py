"""Whether this code and the database's schema fit: asked by every process when it starts."""

from enum import Enum, auto
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, select, text

from wheelyard_core.adapters.db.models import SchemaCompatibility
from wheelyard_core.ports import SchemaTooLate

# Named by their revisions; Alembic itself, which would load them all, is left to what migrates.
_VERSIONS: Final = Path(__file__).with_name("migrations") / "versions"


def known_revisions() -> list[str]:
    """Return the revisions that this code knows, the newest first: it was written for that one."""
    names = (file.name for file in _VERSIONS.glob("[0-9]*_*.py"))
    return sorted((name.partition("_")[0] for name in names), reverse=True)


class Fit(Enum):
    """How the database's schema stands to this code."""

    # Also where there is none: a migration is what is missing.
    BEHIND = auto()
    SAME = auto()
    LATER = auto()
    TOO_LATE = auto()


def fit_of(connection: Connection) -> Fit:
    """Return how the schema that is there stands to this code.

    A revision that this code does not know is later. Expanding migrations keep older code running,
    as a rolled-back image; a contracting one notes in `schema_compat` which code is too old. A
    schema that is behind is never compatible.
    """
    current = revision_of(connection)
    known = known_revisions()
    if current is None or current in known[1:]:
        return Fit.BEHIND
    if current in known:
        return Fit.SAME
    noted = inspect(connection).has_table(SchemaCompatibility.__tablename__)
    oldest = connection.scalar(select(SchemaCompatibility.oldest_code)) if noted else None
    return Fit.LATER if oldest is None or oldest in known else Fit.TOO_LATE


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the schema that is there."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current


def require_fit(connection: Connection) -> Fit:
    """Return how the schema stands to this code. Raises SchemaTooLate."""
    fit = fit_of(connection)
    if fit is Fit.TOO_LATE:
        raise SchemaTooLate(
            f"The database's schema is a later release's, {revision_of(connection)}, and this one "
            "is too old for it: run a later release"
        )
    return fit


def is_compatible(engine: Engine) -> bool:
    """Tell whether this code runs on the database's schema."""
    with engine.connect() as connection:
        return fit_of(connection) in {Fit.SAME, Fit.LATER}
