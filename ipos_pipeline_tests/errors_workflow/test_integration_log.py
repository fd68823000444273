"""NetSuite's Integration Log shows what is open, and NetSuite's moods hold up nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.integration_log import INTEGRATION_LOG
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.steps.mirroring_errors import Mirrored, mirror_errors
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    failure,
    keys,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.pipeline.conftest import checks_of
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from simulators.faults import NO_FAULTS, Faults

SALE = f"{KEY}-CS"
LEASE = timedelta(minutes=10)


def mirror(connections: Connections, *, count_max: int = 100) -> Mirrored:
    return connections.wait_for(
        mirror_errors(
            connections.netsuite,
            connections.ledger,
            run="run-1",
            clock=connections.clock,
            count_max=count_max,
        )
    )


def fail(connections: Connections, *external_ids: str, **changes: object) -> None:
    with connections.ledger.write("run-1") as work:
        for external_id in external_ids:
            work.errors.fail(failure(external_id, **changes), at=connections.clock())


def close(connections: Connections, *external_ids: str) -> None:
    with connections.ledger.write("run-1") as work:
        work.errors.close(external_ids, list(Stage), at=connections.clock(), how="posted")


def records(world: SimulatedWorld) -> dict[str, dict[str, object]]:
    return {one["externalid"]: one for one in world.netsuite.custom_records(INTEGRATION_LOG)}


def test_the_record_has_the_documented_fields(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE, payload='{"InvNo":10377}')

    assert mirror(connections) == Mirrored(written=1)

    (record,) = records(world).values()
    shown = {name: value for name, value in record.items() if name.startswith("custrecord_")}
    assert shown == {
        "custrecord_ipos_log_location": "DXB01",
        "custrecord_ipos_log_invoice": "10377",
        "custrecord_ipos_log_type": "cashSale (post)",
        "custrecord_ipos_log_code": "USER_ERROR",
        "custrecord_ipos_log_error": "Please enter value(s) for: Account.",
        "custrecord_ipos_log_payload": '{"InvNo":10377}',
        "custrecord_ipos_log_attempts": 1,
        "custrecord_ipos_log_first_failed": "2026-11-20T08:00:00Z",
        "custrecord_ipos_log_last_failed": "2026-11-20T08:00:00Z",
    }


def test_it_is_written_again_when_attempts_or_reason_change_and_only_then(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE)
    assert mirror(connections).written == 1
    assert mirror(connections).written == 0
    fail(connections, SALE, code="INVALID_CONTENT")
    assert mirror(connections).written == 1
    record = records(world)[SALE]
    assert record["custrecord_ipos_log_code"] == "INVALID_CONTENT"
    assert record["custrecord_ipos_log_attempts"] == 2


def test_a_document_with_errors_at_two_stages_has_one_record_until_both_are_closed(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE, stage=Stage.MAP, code="first")
    fail(connections, SALE, stage=Stage.POST, code="second")
    mirror(connections)
    assert records(world)[SALE]["custrecord_ipos_log_code"] == "first"
    with connections.ledger.write("run-1") as work:
        work.errors.close([SALE], [Stage.MAP], at=NOON, how="mapped")
    mirror(connections)
    assert records(world)[SALE]["custrecord_ipos_log_code"] == "second"
    close(connections, SALE)
    assert mirror(connections).deleted == 1
    assert records(world) == {}


def test_a_record_that_a_person_has_deleted_is_fine(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE)
    mirror(connections)
    connections.wait_for(connections.netsuite.delete_custom_record(INTEGRATION_LOG, SALE))
    close(connections, SALE)

    assert mirror(connections) == Mirrored(deleted=1)
    assert records(world) == {}


def test_a_process_that_dies_while_it_writes_leaves_no_record_that_nobody_knows_of(
    world: SimulatedWorld, connections: Connections
) -> None:
    """The error may be closed before anybody comes back to it."""
    fail(connections, SALE)
    with connections.ledger.write("a run that dies") as work:
        work.log_records.take_due(at=NOON, count_max=10)
    world.netsuite.put_custom_record(INTEGRATION_LOG, {}, externalid=SALE)
    close(connections, SALE)
    assert mirror(connections) == Mirrored(pending=1), "the other may still be alive"

    world.clock.advance(LEASE.total_seconds())

    assert mirror(connections) == Mirrored(deleted=1)
    assert records(world) == {}


@pytest.mark.parametrize(
    "faults",
    [
        Faults(server_error=1.0),
        Faults(reply_lost=1.0),
        Faults(throttled=1.0),
        Faults(forbidden=(INTEGRATION_LOG,)),
    ],
    ids=["down", "answers lost", "too busy", "no permission"],
)
def test_it_catches_up_whatever_netsuite_had(
    world: SimulatedWorld, connections: Connections, faults: Faults
) -> None:
    fail(connections, *(f"{key}-CS" for key in keys(30)))
    connections.wait_for(_sign_in(connections))
    world.netsuite.faults = faults
    before = len(world.netsuite.requests)

    result = mirror(connections)

    assert (result.written, result.pending) == (0, 30)
    assert result.problem
    assert len(world.netsuite.requests) - before <= connections.netsuite.concurrency + 1, (
        "where NetSuite itself has trouble it is not asked thirty times"
    )
    world.netsuite.faults = NO_FAULTS
    assert mirror(connections).written == 0, "not at once"
    world.clock.advance(LEASE.total_seconds())
    assert mirror(connections) == Mirrored(written=30)
    assert len(records(world)) == 30


async def _sign_in(connections: Connections) -> None:
    await connections.netsuite.has_row("item", "id")


def test_what_is_refused_for_one_record_holds_up_no_other(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE, "with blanks are no external ID")

    result = mirror(connections)

    assert (result.written, result.pending) == (1, 1)
    assert list(records(world)) == [SALE]


def test_two_at_once_send_each_change_once(world: SimulatedWorld, connections: Connections) -> None:
    fail(connections, *(f"{key}-CS" for key in keys(10)))

    async def both() -> list[Mirrored]:
        parts = {"run": "run-1", "clock": connections.clock, "count_max": 100}
        return await asyncio.gather(
            *(mirror_errors(connections.netsuite, connections.ledger, **parts) for _ in range(2))
        )

    first, second = connections.wait_for(both())
    assert first.written + second.written == 10
    assert sum(one.method == "PUT" for one in world.netsuite.requests) == 10


def test_a_payload_that_is_too_long_is_cut_and_still_json(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE, payload='{"Note":"' + "\\u0022" * 60_000 + '"}')

    assert mirror(connections).written == 1

    payload = read_json(str(records(world)[SALE]["custrecord_ipos_log_payload"]))
    assert payload["begins"].startswith('{"Note":"')
    assert payload["cut_after_characters"] == 50_000


def test_netsuite_refusing_the_log_neither_stops_posting_nor_turns_the_mail_check_red(
    operation: Operation,
) -> None:
    world = operation.pipeline.world
    world.netsuite.faults = Faults(forbidden=(INTEGRATION_LOG,))
    world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=1), raw_invoice(InvNo=2)]
    )

    result = operation.pipeline.run()

    assert result.success
    assert list(operation.pipeline.posted()) == ["IPOS-DXB01-2026-S-2-CS"]
    assert checks_of(result)["integration_errors:all_mails_sent"]
    assert operation.log_records() == []
    world.netsuite.faults = NO_FAULTS
    operation.tick()
    operation.tick()
    assert len(operation.log_records()) == 1


def test_what_is_set_aside_is_deleted_from_the_log_and_what_is_taken_up_again_returns(
    world: SimulatedWorld, connections: Connections
) -> None:
    fail(connections, SALE)
    mirror(connections)
    with connections.ledger.write("noor@example.com") as work:
        (error,) = work.errors.open_of_day(LOCATION, DAY)
        assert work.decisions.set_error_aside(error.id, SALE, at=NOON, reason="till test")
    assert mirror(connections) == Mirrored(deleted=1)
    assert records(world) == {}
    with connections.ledger.write("noor@example.com") as work:
        assert work.decisions.reopen_error(error.id, SALE, at=NOON, reason="it was real")
    assert mirror(connections) == Mirrored(written=1)
