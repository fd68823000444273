"""What a column of the ledger holds, where the database has no type for it.

Each is the same on SQLite and on PostgreSQL, and refuses what it would have to change.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

CENTS = 100


class Cents(TypeDecorator[Decimal]):
    """An amount with two places, kept as a whole number of hundredths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Refuse an amount with more than two places: rounding is not the ledger's business."""
        if value is None:
            return None
        cents = value * CENTS
        if cents != cents.to_integral_value():
            message = f"{value} is not an amount with two places"
            raise ValueError(message)
        return int(cents)

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:
        """Give the amount back with two places."""
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Words(TypeDecorator[str]):
    """Text that somebody else wrote: what no database takes of it is shown as an escape.

    PostgreSQL takes no NUL, UTF-8 no half of a surrogate pair.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Show it, instead of losing the error that it stands in."""
        if value is None:
            return None
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; store the others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value} has no time zone"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant back as UTC; SQLite forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
