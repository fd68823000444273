"""`ipos-pipeline reconcile`: a day compared three ways, now, shop by shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import click

from ipos_pipeline.cli.acting import (
    DAY,
    DONE,
    FAILED,
    json_option,
    locations_option,
    opened,
    print_json,
    text_table,
)
from ipos_pipeline.cli.output import in_words, money, progress, results, say
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.difference_words import DIFFERENCE_WORDS, TOTALS_DO_NOT_AGREE
from ipos_pipeline.domain.store_day_proof import Difference, Side, StoreDayProof
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.reconciling import reconcile_store_day

_COLUMNS = ("Shop", "IPOS, AED", "no.", "Ledger, AED", "no.", "NetSuite, AED", "no.", "Proved")


@dataclass(frozen=True, slots=True)
class Compared:
    """One location's proof, or why there is none."""

    location_code: str
    proof: StoreDayProof | None = None
    problem: str | None = None

    @property
    def is_in_order(self) -> bool:
        """Whether its three sides were read and agree, or it is in shadow."""
        return self.proof is not None and self.proof.is_in_order


@click.command()
@click.option("--day", required=True, type=DAY, metavar="DAY", help="Business day.")
@locations_option
@json_option
def reconcile(*, day: datetime, locations: tuple[str, ...], as_json: bool) -> int:
    """Compare a day in IPOS, in the ledger and in NetSuite, document by document.

    Reads all three sides afresh and changes nothing: what is missing is posted by runs, and what
    was changed by hand is for a person. Amounts are sales less refunds, tax included; IPOS counts
    invoices, the others documents. What a person has set aside, and numbers that a till has
    skipped, are shown and leave the day proved. A day in shadow is not compared:
    `ipos-pipeline shadow report` does that.

    \b
    Examples:
      ipos-pipeline reconcile --day 2026-11-20
      ipos-pipeline reconcile --day 2026-11-20 --location DXB01 --json

    Exit code 0: every location is proved, or in shadow; 1: something differs or could not be read;
    2: wrong use or settings.
    """
    with opened() as connections:
        compared = _compare(connections, day.date(), locations)
    if as_json:
        print_json({"day": day.date(), "locations": [_as_json(one) for one in compared]})
    else:
        _show(day.date(), compared)
    return DONE if all(one.is_in_order for one in compared) else FAILED


def _compare(connections: Connections, day: date, locations: Sequence[str]) -> list[Compared]:
    """Reconcile one location after the other; one that cannot be read keeps no other back."""
    records = connections.records
    codes = list(dict.fromkeys(locations)) or sorted(records.usable)
    configurations = {code: records.of(code).configuration for code in codes}
    compared: list[Compared] = []
    with progress() as bar:
        task = bar.add_task("Locations", total=len(codes))
        for code, configuration in configurations.items():
            bar.update(task, description=code)
            compared.append(_compared(connections, configuration, day))
            bar.advance(task)
    if not locations:
        compared += [
            Compared(one.location_code or one.title, problem=in_words(one.error))
            for one in records.problems
        ]
    return compared


def _compared(connections: Connections, configuration: IposConfiguration, day: date) -> Compared:
    try:
        proof = prove(connections, configuration, day)
    except PipelineError as error:
        return Compared(configuration.location_code, problem=in_words(error))
    return Compared(configuration.location_code, proof)


def prove(connections: Connections, configuration: IposConfiguration, day: date) -> StoreDayProof:
    """Reconcile a store-day without keeping its proof. Raises as `reconcile_store_day` does."""
    return connections.wait_for(
        reconcile_store_day(
            connections.ipos(configuration),
            connections.netsuite,
            connections.ledger,
            connections.mapping_rules(configuration),
            day=day,
            at=connections.clock(),
        )
    )


def _show(day: date, compared: Sequence[Compared]) -> None:
    """Print a row for each location, then what differs at each of them, then what to do."""
    rows = (_row(one) for one in compared)
    results.print(text_table(f"{day}: IPOS, ledger and NetSuite", _COLUMNS, rows))
    found: list[Difference] = []
    for one in compared:
        if one.problem is not None:
            say(f"{one.location_code}: {one.problem}")
        if one.proof is not None and one.proof.differences:
            found += one.proof.differences
            cells = ((two.kind, two.subject, two.detail) for two in one.proof.differences)
            results.print(text_table(one.location_code, ("Kind", "Subject", "Detail"), cells))
        elif one.proof is not None and not one.proof.is_in_order:
            said = f"{one.location_code}: {TOTALS_DO_NOT_AGREE.headline}."
            results.print(f"{said} {TOTALS_DO_NOT_AGREE.next_step}", markup=False, highlight=False)
    for kind in dict.fromkeys(two.kind for two in found):
        step = DIFFERENCE_WORDS[kind].next_step
        results.print(f"{kind}: {step}", markup=False, highlight=False)


def _row(one: Compared) -> Iterable[object]:
    if one.proof is None:
        return (one.location_code, *("",) * 6, "not read")
    if one.proof.is_shadow:
        return (one.location_code, *("",) * 6, "in shadow")
    sides = (one.proof.ipos, one.proof.ledger, one.proof.netsuite)
    cells = [cell for side in sides for cell in (money(side.gross), side.documents)]
    return (one.location_code, *cells, "yes" if one.proof.is_proved else "NO")


def _as_json(one: Compared) -> dict[str, Any]:
    document: dict[str, Any] = {
        "location": one.location_code,
        "is_proved": one.proof is not None and one.proof.is_proved,
        "is_shadow": one.proof is not None and one.proof.is_shadow,
        "problem": one.problem,
    }
    if one.proof is None:
        return document
    proof = one.proof
    return document | {
        "shown_by_ipos": proof.shown,
        "landed": proof.landed,
        "filtered": dict(proof.filtered_by_rule),
        "quarantined": proof.quarantined,
        "acknowledged": proof.acknowledged,
        "posted_documents": proof.posted_documents,
        "open_errors": proof.open_errors,
        "set_aside": proof.set_aside,
        "ipos": _side_json(proof.ipos),
        "ledger": _side_json(proof.ledger),
        "netsuite": _side_json(proof.netsuite),
        "differences": [asdict(two) for two in proof.differences],
    }


def _side_json(side: Side) -> dict[str, Any]:
    return {"documents": side.documents, "gross": side.gross, "tax": side.tax, "net": side.net}
