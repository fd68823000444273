"""Looking at one location: what its configuration record refers to, and its IPOS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.finding import Seen, failed, ok, warning
from ipos_pipeline.errors import PipelineError

CLOCK_DIFFERENCE_MAX = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of the configuration record, and the SuiteQL table that it refers to."""

    field: str
    table: str

    @property
    def name(self) -> str:
        """The field in words."""
        return self.field.replace("_", " ")


REFERENCES = (
    Reference("customer", "customer"),
    Reference("location", "location"),
    Reference("account", "account"),
    Reference("currency", "currency"),
    Reference("tax_code", "salestaxitem"),
    Reference("subsidiary", "subsidiary"),
)

Known = Mapping[str, Mapping[str, bool] | PipelineError]
"""By table: internal ID -> whether it is inactive; or why the table could not be read."""


async def read_references(
    netsuite: NetSuiteClient, configurations: Iterable[IposConfiguration]
) -> Known:
    """Look up what all records refer to, with one query for each table."""
    records = list(configurations)

    async def look_up(reference: Reference) -> Mapping[str, bool] | PipelineError:
        ids = {getattr(one, reference.field) for one in records} - {None}
        try:
            return await netsuite.inactive_by_id(reference.table, sorted(ids))
        except PipelineError as error:
            return error

    answers = await asyncio.gather(*(look_up(one) for one in REFERENCES))
    return {one.table: answer for one, answer in zip(REFERENCES, answers, strict=True)}


def references_seen(configuration: IposConfiguration, known: Known) -> Seen:
    """Judge what one record refers to; what cannot be read may still be right."""
    wrong: list[str] = []
    unread: list[str] = []
    for reference in REFERENCES:
        internal_id = getattr(configuration, reference.field)
        answer = known[reference.table]
        if internal_id is None:
            continue
        if isinstance(answer, PipelineError):
            unread.append(f"{reference.name} {internal_id} ({answer.message})")
        elif internal_id not in answer:
            wrong.append(f"{reference.name} {internal_id} does not exist")
        elif answer[internal_id]:
            wrong.append(f"{reference.name} {internal_id} is inactive")
    if wrong:
        return failed(
            f"The record is valid, but its {', its '.join(wrong)} in NetSuite.",
            "Correct the configuration record, or activate what it names.",
        )
    if unread:
        return warning(
            f"The record is valid. Not looked up: {'; '.join(unread)}.",
            "Let the integration's role view these lists, or compare the IDs by hand.",
        )
    return ok("The record is valid; what it refers to exists and is active.")


async def ask_ipos(
    ipos: IposClient, configuration: IposConfiguration, clock: Callable[[], datetime]
) -> Seen:
    """Count today's invoices, with the location's own credential."""
    now = clock()
    today = business_date_at(
        now, timezone=configuration.zone, cutoff_hour=configuration.day_cutoff_hour
    )
    count = await ipos.count(today, "unacknowledged")
    answered_at = ipos.last_answered_at
    return ipos_seen(count, answered_at - clock() if answered_at else None)


def ipos_seen(count: int, ahead: timedelta | None) -> Seen:
    """Judge an IPOS that answered; `ahead` is how far its clock is before ours, if it told."""
    message = f"It answers: {count} invoices of today are not yet acknowledged."
    if ahead is None or abs(ahead) <= CLOCK_DIFFERENCE_MAX:
        return ok(message)
    seconds = round(abs(ahead).total_seconds())
    direction = "ahead of" if ahead > timedelta(0) else "behind"
    return warning(
        f"{message} Its clock is {seconds} seconds {direction} ours.",
        "Set both clocks by a time server: business days are told by the clock.",
    )
