"""What waits for a customer, as the ledger lists it."""

from __future__ import annotations

from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import KEY, LOCATION, NOON, failure

SALE, REFUND = f"{KEY}-CS", f"{KEY}-CR"


def test_what_waits_for_a_customer_is_listed_unless_it_could_not_be_mapped_since(
    ledger: LedgerStore,
) -> None:
    with ledger.write("run-1") as work:
        for external_id, stage, code, reference in (
            (SALE, Stage.POST, "inactive_customer", "501"),
            (REFUND, Stage.POST, "unknown_customer", "4711"),
            (REFUND, Stage.MAP, "ambiguous_item", None),
        ):
            failed = failure(external_id, stage=stage, code=code, reference=reference)
            work.errors.fail(failed, at=NOON)

    with ledger.read() as work:
        assert work.selecting.waiting_for_customers([LOCATION]) == [(SALE, LOCATION, "501")]
        assert work.selecting.waiting_for_customers(["DXB02"]) == []
        assert work.selecting.waiting_for_customers([]) == []

    with ledger.write("run-2") as work:
        work.errors.close([REFUND], [Stage.MAP], at=NOON, how="it could be mapped")
        waiting = work.selecting.waiting_for_customers([LOCATION])
        assert sorted(waiting) == [(REFUND, LOCATION, "4711"), (SALE, LOCATION, "501")]
