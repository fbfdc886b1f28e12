"""Pages of a list in any of its orders, each at the price of its first page.

A page starts behind the last row of the one before: behind (a, b, id) are the rows with the same a and b and a greater
id, then those with the same a behind b, then those behind a. Each of these is one range of an index that has the order,
so they are asked for one after the other until the page is full: at most one statement a term more than the first page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session

from api import paging
from core.errors import Rejected

COUNTED: Final = 10_000  # rows are counted up to here: more is "10,000+", and is never changed at once


@dataclass(frozen=True, slots=True)
class Term:
    expression: Any  # never NULL: both databases put NULL elsewhere
    read: Callable[[Any], Any]  # the value, from a cursor's JSON
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    name: str
    terms: tuple[Term, ...]  # the last is unique


def instant(text: Any) -> datetime:
    return datetime.fromisoformat(text)


def by_id(column: Any, *, descending: bool = False) -> Term:
    return Term(column, UUID, descending)


def unknown_last(column: Any) -> Any:
    """For values of 0 and more, the greatest first. Spelt as the indexes spell it."""
    return sa.func.coalesce(column, sa.literal_column("-1"))


def page(
    session: Session, query: Any, order: Order, *, limit: int, cursor: str | None
) -> tuple[Sequence[Any], str | None]:
    """The rows of `query`, with the values of the order's terms behind its own columns, and the next cursor.

    Raises Rejected for a cursor that is not of this order.
    """
    query = query.add_columns(*(term.expression.label(f"key_{n}") for n, term in enumerate(order.terms)))
    rows: list[Any] = []
    for where in _ranges(order, _key(order, cursor)):
        ranged = query.where(*where).order_by(
            *(term.expression.desc() if term.descending else term.expression.asc() for term in order.terms)
        )
        rows.extend(session.execute(ranged.limit(limit + 1 - len(rows))).all())
        if len(rows) > limit:
            break
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    values = [getattr(last, f"key_{n}") for n in range(len(order.terms))]
    return rows[:limit], paging.encode(order.name, *(_written(value) for value in values))


def count(session: Session, query: Any, most: int = COUNTED) -> int:
    """How many rows, at most `most` + 1."""
    few = query.with_only_columns(sa.literal(1), maintain_column_froms=True).order_by(None).limit(most + 1).subquery()
    return int(session.execute(sa.select(sa.func.count()).select_from(few)).scalar_one())


def _ranges(order: Order, key: list[Any] | None) -> list[list[Any]]:
    if key is None:
        return [[]]
    ranges = []
    for depth in reversed(range(len(order.terms))):
        same = [term.expression == value for term, value in zip(order.terms[:depth], key, strict=False)]
        term = order.terms[depth]
        behind = term.expression < key[depth] if term.descending else term.expression > key[depth]
        ranges.append([*same, behind])
    return ranges


def _key(order: Order, cursor: str | None) -> list[Any] | None:
    found = paging.decode(cursor, len(order.terms) + 1)
    if found is None:
        return None
    try:
        if found[0] != order.name:
            raise ValueError
        return [term.read(value) for term, value in zip(order.terms, found[1:], strict=True)]
    except (TypeError, ValueError, AttributeError):
        raise Rejected(
            "This cursor is not of this order.", hint="Start again without a cursor.", code="bad_cursor"
        ) from None


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
