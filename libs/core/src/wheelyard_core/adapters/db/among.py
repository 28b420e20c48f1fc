"""Sets of ids as one value of a statement, however many they are."""

import json
from collections.abc import Collection

from sqlalchemy import BigInteger, ColumnElement, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session


def among(
    session: Session, column: InstrumentedAttribute[int], ids: Collection[int]
) -> ColumnElement[bool]:
    """Return the condition that *column* is one of these ids.

    A group may have more projects than a statement may have parameters (32,766 in SQLite, 65,535
    in PostgreSQL), and each number of parameters is another statement to compile.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(ids), ARRAY(BigInteger)))
    numbers = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(numbers.c.value))
