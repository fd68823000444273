"""A shop whose day is posted and proved, and everybody who may touch it afterwards.

Belongs here: what the till, an accountant, the script in use before and a spoiled ledger can do,
and what people see of it. Not here: which difference that makes (the modules of scenarios).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import sqlalchemy

from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.domain.store_day_proof import DifferenceKind, StoreDayProof
from ipos_pipeline.steps.reconciling import reconcile_store_day
from ipos_pipeline.steps.resolving import By
from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from simulators.faults import NO_FAULTS, Faults

MORNING = "2026-11-20T10:07:33"
SALE_KEY = "IPOS-DXB01-2026-S-10377"
SALE = f"{SALE_KEY}-CS"
EXCHANGE_KEY = "IPOS-DXB01-2026-S-10378"
EXCHANGE_REFUND = f"{EXCHANGE_KEY}-CR"
NEXT_NUMBER = 10379
"""The number that the till gives next."""
NEXT_KEY = f"IPOS-DXB01-2026-S-{NEXT_NUMBER}"
NEXT_SALE = f"{NEXT_KEY}-CS"
DOCUMENTS = 5
"""What the day's four invoices come to in NetSuite."""
ALL_DAY = Selection(days=frozenset({DAY}))

Named = set[tuple[DifferenceKind, str]]
"""Differences as people tell them apart: the kind and what it is about."""


def sold(inv_no: int, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Build an invoice of this morning, so that its time is not in the future."""
    return raw_invoice(*lines, **{"InvNo": inv_no, "InvDate": MORNING, **changes})


def day_of_sales(**changes: Any) -> list[dict[str, Any]]:
    """Build a day: two sales, an exchange, and a return with a number of its own sequence."""
    return [
        sold(10376, **changes),
        sold(10377, **changes),
        sold(10378, amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"), **changes),
        sold(311, amount_line(1, -1, "-9.00"), **{"DocType": "RETURN", **changes}),
    ]


@dataclass
class SoldDay:
    """One shop, its posted day, and the hands that may change it."""

    pipeline: Pipeline
    shop: Shops

    @property
    def world(self) -> SimulatedWorld:
        return self.pipeline.world

    # --- at the till
    def sell(self, *lines: dict[str, Any], **changes: Any) -> None:
        """Add an invoice with the next number of the till."""
        self.world.ipos.add_invoices([sold(NEXT_NUMBER, *lines, **changes)])

    def edit(self, **changes: Any) -> None:
        """Change the sale in IPOS; it was acknowledged, and stays so unless told otherwise."""
        self.world.ipos.edit_invoice(LOCATION, "SALE", 10377, MORNING, **changes)

    def acknowledge_as_somebody_else(self, inv_no: int) -> None:
        """Tell IPOS that an invoice is posted, as the script in use before does."""
        document = {"DocType": "SALE", "InvNo": inv_no, "InvDate": MORNING, "ErpId": "1"}
        assert self.world.ipos.store.acknowledge(LOCATION, document, at=self.world.clock())

    # --- in NetSuite
    def transaction(self, external_id: str) -> dict[str, Any]:
        """Give what NetSuite holds under an external ID."""
        return self.shop.transactions()[external_id]

    def change_in_netsuite(self, external_id: str, **fields: Any) -> None:
        """Change a record by hand."""
        self.world.netsuite.update_transaction(self.transaction(external_id)["id"], **fields)

    def book(self, memo: str, **fields: Any) -> str:
        """Book 3.99 as another script does, over HTTP; give the internal ID."""
        body = {
            "entity": {"id": "501"},
            "tranDate": DAY.isoformat(),
            "location": {"id": "11"},
            "account": {"id": "129"},
            "memo": memo,
            "item": {
                "items": [
                    {
                        "item": {"id": "2001"},
                        "grossAmt": Decimal("3.99"),
                        "taxCode": {"id": "5"},
                        "location": {"id": "11"},
                    }
                ]
            },
            **fields,
        }
        opened = self.shop.connections
        return opened.wait_for(opened.netsuite.create("cashSale", body))

    # --- people and the ledger
    def by(self, reason: str) -> By:
        """Act as a person."""
        return By("a person", reason, self.world.clock())

    def spoil_ledger(self, statement: str, **values: Any) -> None:
        """Change the ledger as nothing in the product does; values are named `:a`, `:b`."""
        engine = sqlalchemy.create_engine(self.world.environment["IPOS_PIPELINE_LEDGER_URL"])
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement), values)
        engine.dispose()

    # --- what people see
    def look(self, *, is_reconciled_alone: bool = False) -> Look:
        """Run the store-day as the sensor does, or only its reconciliation."""
        chosen = [dg.AssetKey("store_day_reconciliation")] if is_reconciled_alone else None
        job = self.pipeline.definitions.resolve_job_def(SYNC_INVOICES)
        done = job.execute_in_process(
            instance=self.pipeline.instance,
            partition_key=dg.MultiPartitionKey({"day": DAY.isoformat(), "location": LOCATION}),
            asset_selection=chosen,
        )
        return Look(self.kept_proof(), done)

    def kept_proof(self) -> StoreDayProof:
        """Read the latest proof."""
        with self.shop.connections.ledger.read() as work:
            return work.proofs.of_day(DAY)[LOCATION]

    def hours_pass(self, hours: float = 2) -> None:
        """Let time pass, so that a change has another date than the posting."""
        self.world.clock.advance(timedelta(hours=hours).total_seconds())

    def all_works_again(self) -> None:
        """End every fault."""
        self.world.ipos.faults = self.world.netsuite.faults = NO_FAULTS

    def netsuite_fails(self, **faults: Any) -> None:
        """Let creating documents fail so."""
        self.world.netsuite.faults = Faults(only="POST /services/rest/record/v1/cash", **faults)


@dataclass(frozen=True)
class Look:
    """What one run showed: its proof, and the checks that are not green."""

    proof: StoreDayProof
    result: dg.ExecuteInProcessResult = field(repr=False)

    @property
    def named(self) -> Named:
        return named(self.proof)

    def failing(self, severity: dg.AssetCheckSeverity) -> set[str]:
        """Name the checks that failed with a severity."""
        return {
            one.check_name
            for one in self.result.get_asset_check_evaluations()
            if not one.passed and one.severity == severity
        }

    @property
    def red(self) -> set[str]:
        return self.failing(dg.AssetCheckSeverity.ERROR)

    @property
    def yellow(self) -> set[str]:
        return self.failing(dg.AssetCheckSeverity.WARN)


def reconciled(shop: Shops) -> StoreDayProof:
    """Run the step of the reconciliation alone, without Dagster."""
    opened = shop.connections
    configuration = opened.configuration(LOCATION)
    return opened.wait_for(
        reconcile_store_day(
            opened.ipos(configuration),
            opened.netsuite,
            opened.ledger,
            opened.mapping_rules(configuration),
            day=DAY,
            at=opened.clock(),
        )
    )


def named(proof: StoreDayProof) -> Named:
    """Give a proof's differences without their details."""
    return {(one.kind, one.subject) for one in proof.differences}


@dataclass(frozen=True)
class Scenario:
    """How something comes to differ, what the reconciliation names then, and which checks fail.

    `is_settled_by_runs`: the next runs do what is missing by themselves; otherwise they must
    leave everything as it is. `is_reconciled_alone`: it is seen between two runs, before the next
    one settles it.
    """

    happens: Callable[[SoldDay], Named]
    kind: DifferenceKind
    red: frozenset[str]
    yellow: frozenset[str]
    is_settled_by_runs: bool
    is_reconciled_alone: bool

    def __str__(self) -> str:
        return self.happens.__name__


def scenario(
    kind: DifferenceKind,
    *,
    red: Iterable[str] = (),
    yellow: Iterable[str] = (),
    is_settled_by_runs: bool = False,
    is_reconciled_alone: bool = False,
) -> Callable[[Callable[[SoldDay], Named]], Scenario]:
    """Make a scenario of a function that lets it happen and gives what is named then."""

    def make(happens: Callable[[SoldDay], Named]) -> Scenario:
        return Scenario(
            happens,
            kind,
            frozenset(red),
            frozenset(yellow),
            is_settled_by_runs=is_settled_by_runs,
            is_reconciled_alone=is_reconciled_alone,
        )

    return make
