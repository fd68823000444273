"""The latest proof of each store-day: what the last reconciliation found."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.ledger.schema import store_day_proof

_PROOF = TypeAdapter(StoreDayProof)


class Proofs:
    """Reads and writes `store_day_proof`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, proof: StoreDayProof) -> None:
        """Keep a proof in the place of the store-day's earlier one."""
        values = {
            "reconciled_at": proof.reconciled_at,
            "is_proved": proof.is_in_order,
            "differences": len(proof.breaking),
            "content": _PROOF.dump_json(proof).decode(),
        }
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(
            dialect.insert(store_day_proof)
            .values(location_code=proof.location_code, business_date=proof.business_date, **values)
            .on_conflict_do_update(index_elements=["location_code", "business_date"], set_=values)
        )

    def of(self, location_code: str, business_date: date) -> StoreDayProof | None:
        """Read the proof of one store-day, or None."""
        content = self._connection.execute(
            select(store_day_proof.c.content).where(
                store_day_proof.c.location_code == location_code,
                store_day_proof.c.business_date == business_date,
            )
        ).scalar_one_or_none()
        return None if content is None else _PROOF.validate_json(content)

    def latest_by_day(self, *, since: datetime) -> dict[date, datetime]:
        """Tell when business days were last reconciled, at any location, since an instant."""
        proof = store_day_proof.c
        query = (
            select(
                proof.business_date, func.max(proof.reconciled_at, type_=proof.reconciled_at.type)
            )
            .where(proof.reconciled_at >= since)
            .group_by(proof.business_date)
            .order_by(proof.business_date)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def of_day(self, business_date: date) -> dict[str, StoreDayProof]:
        """Read the proofs of one business day, by location code."""
        query = (
            select(store_day_proof.c.content)
            .where(store_day_proof.c.business_date == business_date)
            .order_by(store_day_proof.c.location_code)
        )
        proofs = (_PROOF.validate_json(text) for text in self._connection.execute(query).scalars())
        return {one.location_code: one for one in proofs}
