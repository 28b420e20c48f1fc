"""Whether this code and the database's schema fit: asked by every process when it starts."""

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, select, text

from wheelyard_core.adapters.db.models import SchemaCompatibility

# Named by their revisions; Alembic itself, which would load them all, is left to what migrates.
_VERSIONS: Final = Path(__file__).with_name("migrations") / "versions"


def known_revisions() -> list[str]:
    """Return the revisions that this code knows, the newest first: it was written for that one."""
    names = (file.name for file in _VERSIONS.glob("[0-9]*_*.py"))
    return sorted((name.partition("_")[0] for name in names), reverse=True)


def is_compatible(engine: Engine) -> bool:
    """Tell whether this code runs on the database's schema.

    A revision that this code does not know is newer. Expanding migrations keep older code running,
    as a rolled-back image; a contracting one notes in `schema_compat` which code is too old. A
    schema that is behind is never compatible.
    """
    with engine.connect() as connection:
        tables = inspect(connection)
        if not tables.has_table("alembic_version"):
            return False
        current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        noted = tables.has_table(SchemaCompatibility.__tablename__)
        oldest = connection.scalar(select(SchemaCompatibility.oldest_code)) if noted else None
    known = known_revisions()
    if current in known:
        return current == known[0]
    return current is not None and (oldest is None or oldest in known)
