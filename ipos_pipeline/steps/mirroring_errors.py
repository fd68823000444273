"""Mirroring: open errors -> NetSuite's Integration Log, one custom record for each document.

A record is written again when attempts or reason change, and deleted when the error is closed or
set aside. NetSuite being down or refusing a record holds up nothing; it catches up later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.integration_log import INTEGRATION_LOG, log_fields
from ipos_pipeline.errors import PipelineError, RejectedError
from ipos_pipeline.ledger.log_records import LogChanges, LoggedError
from ipos_pipeline.ledger.store import LedgerStore


@dataclass(slots=True)
class Mirrored:
    """How many log records were written and deleted, how many wait, and why one of those does."""

    written: int = 0
    deleted: int = 0
    pending: int = 0
    problem: str | None = None


async def mirror_errors(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    run: str,
    clock: Callable[[], datetime],
    count_max: int,
) -> Mirrored:
    """Bring the Integration Log up to date. Raises nothing that NetSuite causes."""
    result = Mirrored()
    with ledger.read() as work:
        is_due = len(work.log_records.changes(at=clock())) > 0
    if is_due:
        with ledger.write(run) as work:
            taken = work.log_records.take_due(at=clock(), count_max=count_max)
            errors = work.log_records.read(taken.to_write)
        outcomes = await _send_all(netsuite, taken, errors)
        _settle(ledger, taken, errors, outcomes, result, run=run, at=clock())
    with ledger.read() as work:
        result.pending = len(work.log_records.changes())
    return result


class _Sending:
    """Sends changes side by side, and stops when it is NetSuite that has trouble."""

    def __init__(self, netsuite: NetSuiteClient) -> None:
        self._netsuite = netsuite
        self._slots = asyncio.Semaphore(netsuite.concurrency)
        self._trouble: PipelineError | None = None

    async def put(self, error: LoggedError) -> PipelineError | None:
        fields = log_fields(
            **{name: getattr(error, name) for name in error.__slots__ if name != "version"}
        )
        return await self._attempt(self._netsuite.put_custom_record, error.external_id, fields)

    async def delete(self, external_id: str) -> PipelineError | None:
        return await self._attempt(self._netsuite.delete_custom_record, external_id)

    async def _attempt(
        self, send: Callable[..., Any], external_id: str, *fields: dict[str, Any]
    ) -> PipelineError | None:
        """Send one change; give why it failed, or what kept it from being sent."""
        async with self._slots:
            if self._trouble is not None:
                return self._trouble
            try:
                await send(INTEGRATION_LOG, external_id, *fields)
            except RejectedError as error:
                return error
            except PipelineError as error:
                self._trouble = error
                return error
        return None


async def _send_all(
    netsuite: NetSuiteClient, taken: LogChanges, errors: list[LoggedError]
) -> dict[str, PipelineError | None]:
    """Send the changes: external ID -> why it failed, if it did."""
    sending = _Sending(netsuite)
    external_ids = [*taken.to_delete, *(error.external_id for error in errors)]
    outcomes = await asyncio.gather(
        *(sending.delete(external_id) for external_id in taken.to_delete),
        *(sending.put(error) for error in errors),
    )
    return dict(zip(external_ids, outcomes, strict=True))


def _settle(
    ledger: LedgerStore,
    taken: LogChanges,
    errors: list[LoggedError],
    outcomes: dict[str, PipelineError | None],
    result: Mirrored,
    *,
    run: str,
    at: datetime,
) -> None:
    with ledger.write(run) as work:
        for external_id in taken.to_delete:
            if outcomes[external_id] is None:
                work.log_records.deleted(external_id)
                result.deleted += 1
        for error in errors:
            if outcomes[error.external_id] is None:
                work.log_records.written(error.external_id, error.version, at=at)
                result.written += 1
        for external_id, problem in outcomes.items():
            if problem is not None:
                work.log_records.failed(external_id, problem=problem.message, at=at)
                result.problem = problem.message
