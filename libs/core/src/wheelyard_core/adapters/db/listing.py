"""Parts of lists: by page, or (keyset) by what follows an id."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from wheelyard_core.domain.administration import Listed, Stretch

T = TypeVar("T")
AnySelect: TypeAlias = Select[*tuple[Any, ...]]


def part_of(
    session: Session,
    query: AnySelect,
    stretch: Stretch,
    orders: Mapping[str, InstrumentedAttribute[Any]],
    make: Callable[..., T],
) -> Listed[T]:
    """Return the *stretch* of what *query* finds; *orders* has "id" and what else it allows.

    *make* is given the columns of a row, and returns its value.
    """
    counting = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = session.scalar(counting) or 0
    rows = session.execute(_cut(query, stretch, orders)).all()
    items = tuple(make(*row) for row in rows[: stretch.limit])
    return Listed(items, total, len(rows) > stretch.limit)


def contains(text: str, *columns: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that one of the columns has *text* in it, in any case."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _cut(
    query: AnySelect, stretch: Stretch, orders: Mapping[str, InstrumentedAttribute[Any]]
) -> AnySelect:
    key = orders["id"]
    columns: Sequence[Any] = [orders[stretch.order_by], key]
    if stretch.keyset:
        columns = [key]
        if stretch.after is not None:
            query = query.where(key < stretch.after if stretch.descending else key > stretch.after)
    else:
        query = query.offset(stretch.offset)
    directed = [column.desc() if stretch.descending else column.asc() for column in columns]
    # One more than asked for tells whether anything follows.
    return query.order_by(*directed).limit(stretch.limit + 1)
