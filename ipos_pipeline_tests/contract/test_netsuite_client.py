"""The NetSuite client against the simulator: create, look up, SuiteQL, custom records."""

import asyncio
import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.integration_log import INTEGRATION_LOG
from ipos_pipeline.domain.mapping import map_document
from ipos_pipeline.domain.netsuite_item import items_by_barcode
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, NetSuiteRecord, RecordType
from ipos_pipeline.domain.split import split_invoice
from ipos_pipeline.errors import (
    AlreadyExistsError,
    ConfigurationError,
    InDoubtError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from ipos_pipeline_tests.builders import BARCODE, DAY, LOCATION, amount_line, invoice
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.simulated_world import NETSUITE_URL, SimulatedWorld


def record(
    connections: Connections, record_type: RecordType = CASH_SALE, **changes: Any
) -> NetSuiteRecord:
    """Map an invoice as a run does, with the world's own configuration and catalogue."""
    sign = 1 if record_type == CASH_SALE else -1
    read = invoice(amount_line(1, sign, str(sign * Decimal("10.50"))), **changes)
    items = connections.wait_for(
        connections.netsuite.items_by_barcode([BARCODE], item_field="upccode")
    )
    mapped = map_document(
        record_type,
        read,
        split_invoice(read),
        rules=connections.mapping_rules(connections.configuration(LOCATION)),
        catalogue=items_by_barcode(items),
    )
    assert isinstance(mapped, NetSuiteRecord)
    return mapped


def create(connections: Connections, made: NetSuiteRecord, **changes: Any) -> str:
    body = {**made.to_payload(), **changes}
    return connections.wait_for(connections.netsuite.create(made.record_type, body))


def look_up(connections: Connections, *external_ids: str) -> dict[str, Any]:
    return connections.wait_for(connections.netsuite.transactions_by_external_id(external_ids))


def rows(connections: Connections, query: str, *parameters: str) -> list[dict[str, str]]:
    async def read() -> list[dict[str, str]]:
        return [row async for row in connections.netsuite.suiteql(query, parameters)]

    return connections.wait_for(read())


@pytest.mark.parametrize(
    ("record_type", "netsuite_type"), [(CASH_SALE, "CashSale"), (CASH_REFUND, "CashRfnd")]
)
def test_a_created_record_is_found_by_its_external_id(
    connections: Connections, record_type: RecordType, netsuite_type: str
) -> None:
    made = record(connections, record_type)
    internal_id = create(connections, made)
    (found,) = look_up(connections, made.external_id).values()
    assert (found.internal_id, found.type) == (internal_id, netsuite_type)
    assert str(found.total) == "10.50" == str(made.total)


def test_netsuite_keeps_the_digits_and_the_letters(
    world: SimulatedWorld, connections: Connections
) -> None:
    made = record(connections, InvNo="قميص/7")
    create(connections, made)
    (kept,) = world.netsuite.transactions()
    assert kept["memo"] == "IPOS SALE قميص/7"
    assert str(kept["total"]) == "10.50"


def test_money_travels_as_a_number_with_two_places(
    world: SimulatedWorld, connections: Connections
) -> None:
    create(connections, record(connections))
    body = world.netsuite.requests[-1].body
    assert '"grossAmt":10.50' in body


def test_unknown_field_names_are_refused_not_ignored(connections: Connections) -> None:
    """By default NetSuite answers a typo with success and drops the field (netsuite_facts 0.4)."""
    with pytest.raises(RejectedError, match="custbody_typo"):
        create(connections, record(connections), custbody_typo="x")


def test_a_taken_external_id_is_told_from_other_refusals(
    world: SimulatedWorld, connections: Connections
) -> None:
    made = record(connections)
    create(connections, made)
    with pytest.raises(AlreadyExistsError):
        create(connections, made)
    assert len(world.netsuite.transactions()) == 1


def test_a_refusal_carries_code_path_and_answer(connections: Connections) -> None:
    with pytest.raises(RejectedError) as caught:
        create(connections, record(connections), entity={"id": "9999"})
    error = caught.value
    assert (error.code, error.status, error.path) == ("INVALID_CONTENT", 400, "entity")
    assert "9999" in (error.response or "")


def test_a_closed_period_is_a_refusal_in_netsuites_words(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.netsuite.close_period(DAY)
    with pytest.raises(RejectedError, match="accounting period"):
        create(connections, record(connections))


def test_a_reply_lost_after_the_commit_is_in_doubt_and_then_found(world: SimulatedWorld) -> None:
    """The record is there and we never heard: only a look-up can tell."""

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response | Exception:
        is_create = request.url.path.endswith("/cashSale")
        return httpx2.ReadError("reset", request=request) if is_create else answer

    with world.connections(InFront(world.transport(), lose)) as connections:
        made = record(connections)
        with pytest.raises(InDoubtError, match=made.external_id):
            create(connections, made)
        assert list(look_up(connections, made.external_id)) == [made.external_id]
    assert len(world.netsuite.transactions()) == 1


def test_what_netsuite_does_not_have_is_absent_from_the_answer(connections: Connections) -> None:
    made = record(connections)
    create(connections, made)
    assert list(look_up(connections, made.external_id, "IPOS-nowhere")) == [made.external_id]


def test_more_external_ids_than_one_query_takes_are_looked_up(
    world: SimulatedWorld, connections: Connections
) -> None:
    made = record(connections)
    create(connections, made)
    many = [f"IPOS-{n}" for n in range(600)]
    assert list(look_up(connections, *many, made.external_id)) == [made.external_id]
    look_ups = [one for one in world.netsuite.requests if "externalid IN" in one.body]
    assert len(look_ups) == 3


def test_looking_nothing_up_asks_nothing(world: SimulatedWorld, connections: Connections) -> None:
    assert look_up(connections) == {}
    assert world.netsuite.requests == []


def test_a_days_transactions_are_those_of_the_location_and_date(
    connections: Connections,
) -> None:
    """`_` is a wildcard in LIKE: DXB_01 must not bring in DXBX01."""
    create(connections, record(connections, InvNo=1))
    create(connections, record(connections, InvNo=2, BusinessDate="2026-11-21"))
    create(connections, record(connections), externalId="IPOSXDXB01-2026-S-3-CS")

    def of_day(prefix: str, days: int = 0) -> list[str]:
        day = DAY + timedelta(days=days)
        found = connections.wait_for(connections.netsuite.transactions_of_day(prefix, day))
        return sorted(one.external_id for one in found)

    assert of_day("IPOS-DXB01-") == ["IPOS-DXB01-2026-S-1-CS"]
    assert of_day("IPOS-DXB01-", days=1) == ["IPOS-DXB01-2026-S-2-CS"]
    assert of_day("IPOS_DXB01-") == []


def test_suiteql_is_read_page_by_page(world: SimulatedWorld, connections: Connections) -> None:
    world.netsuite.add_items({"id": n, "itemid": f"I{n}"} for n in range(5000, 7100))
    query = "SELECT id FROM item WHERE id >= ? ORDER BY id"
    found = rows(connections, query, "5000")
    assert [int(row["id"]) for row in found] == list(range(5000, 7100))
    pages = [one.query for one in world.netsuite.requests if one.path.endswith("/suiteql")]
    assert [page["offset"] for page in pages] == ["0", "1000", "2000"]


def test_a_value_in_a_query_is_bound_not_written(connections: Connections) -> None:
    assert look_up(connections, "x') OR 1=1 --") == {}


def test_a_query_that_netsuite_refuses_stops_instead_of_rejecting_a_document(
    connections: Connections,
) -> None:
    """A missing permission or a wrong field name in the settings: no document can help it."""
    with pytest.raises(ConfigurationError):
        rows(connections, "SELECT id FROM nosuchtable")


@pytest.mark.parametrize(
    ("item_field", "value"),
    [("upccode", "1"), ("itemid", "SKU-9"), ("externalid", "ext-9"), ("custitem_ean", "77")],
)
def test_items_are_found_by_the_configured_field(
    world: SimulatedWorld, connections: Connections, item_field: str, value: str
) -> None:
    world.netsuite.add_item(
        9, "SKU-9", upccode="1", externalid="ext-9", custitem_ean="77", itemtype="Service"
    )
    (found,) = connections.wait_for(
        connections.netsuite.items_by_barcode([value, "unknown"], item_field=item_field)
    )
    assert (found.internal_id, found.barcode, found.itemtype) == ("9", value, "Service")
    assert found.isinactive is False


def test_an_inactive_item_is_found_as_inactive(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.netsuite.add_item(9, "SKU-9", upccode="1", isinactive=True)
    (found,) = connections.wait_for(
        connections.netsuite.items_by_barcode(["1"], item_field="upccode")
    )
    assert found.isinactive is True


def test_the_catalogue_is_the_inventory_items_with_a_barcode(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.netsuite.add_item(9, "no barcode")
    world.netsuite.add_item(10, "service", upccode="10", itemtype="Service")
    found = connections.wait_for(connections.netsuite.inventory_items(item_field="upccode"))
    assert sorted(one.barcode for one in found) == ["600129", "600130"]


def test_the_configuration_is_read_from_the_custom_record(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.change_record(timezone=None, day_cutoff_hour=4, prices_include_tax=False)
    record = connections.configuration(LOCATION)
    assert (record.timezone, record.day_cutoff_hour) == ("Asia/Dubai", 4)
    assert record.prices_include_tax is False


def test_a_wrong_configuration_record_is_named_with_its_field_and_no_value(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.change_record(domain_url="nowhere", auth_value="s3cr3t\n")
    with pytest.raises(ConfigurationError, match="custrecord_ipos_domain_url") as caught:
        connections.configuration(LOCATION)
    assert "s3cr3t" not in str(caught.value)


def test_an_unknown_location_names_those_there_are(connections: Connections) -> None:
    with pytest.raises(ConfigurationError, match="DXB01"):
        connections.configuration("DXB99")


def test_an_unknown_profile_is_named(world: SimulatedWorld, connections: Connections) -> None:
    world.change_record(profile="acme")
    with pytest.raises(ConfigurationError, match="'acme'"):
        connections.configuration(LOCATION)


def test_no_more_requests_are_in_flight_than_configured(world: SimulatedWorld) -> None:
    async def wait_a_moment(_seconds: float) -> None:
        await asyncio.sleep(0.002)

    world.netsuite._sleep = wait_a_moment
    with world.connections(NETSUITE_CONCURRENCY="3") as connections:
        made = record(connections)

        async def many() -> list[str]:
            bodies = [{**made.to_payload(), "externalId": f"IPOS-{n}"} for n in range(12)]
            return await asyncio.gather(
                *(connections.netsuite.create(CASH_SALE, body) for body in bodies)
            )

        assert len(set(connections.wait_for(many()))) == 12
    assert world.netsuite.most_in_progress == 3


def test_a_full_account_is_a_throttle_and_nothing_is_created(
    world: SimulatedWorld, connections: Connections
) -> None:
    made = record(connections)
    world.netsuite.slots = 0
    with pytest.raises(ThrottledError):
        create(connections, made)
    assert world.netsuite.transactions() == []


def test_whoever_finds_the_account_full_gets_the_next_slot_that_is_free(
    world: SimulatedWorld, connections: Connections
) -> None:
    """Far more refusals than a failing request has attempts."""
    made = record(connections)
    connections.wait_for(connections.netsuite.has_row("item", "id"))
    world.netsuite.slots, slots = 0, world.netsuite.slots
    refused: list[float] = []

    async def sleep(seconds: float) -> None:
        refused.append(seconds)
        if len(refused) == 20:
            world.netsuite.slots = slots

    pacing = dataclasses.replace(connections.pacing, sleep=sleep)
    with world.connections() as patient:
        patient.pacing = pacing
        create(patient, made)

    assert len(refused) == 20
    assert len(world.netsuite.transactions()) == 1


def test_patience_is_spent_once_and_comes_back_with_the_first_answer(
    world: SimulatedWorld, connections: Connections
) -> None:
    """A run with fifteen documents must not wait five minutes for each, one after the other."""
    made = record(connections)
    slept, slots = world.clock.slept, world.netsuite.slots

    def refused() -> int:
        before, world.netsuite.slots = len(slept), 0
        with pytest.raises(ThrottledError):
            create(connections, made)
        world.netsuite.slots = slots
        return len(slept) - before

    first, second = refused(), refused()
    connections.wait_for(connections.netsuite.has_row("item", "id"))

    assert first > 20
    assert second == connections.pacing.attempts_max - 1
    assert refused() == first


def test_an_account_that_cannot_be_reached_is_transient(world: SimulatedWorld) -> None:
    with (
        world.connections(NETSUITE_BASE_URL="https://elsewhere.test") as connections,
        pytest.raises(TransientError, match=r"elsewhere\.test"),
    ):
        connections.wait_for(connections.netsuite.create(CASH_SALE, {"externalId": "IPOS-1"}))


def test_the_base_url_moves_every_request(world: SimulatedWorld, connections: Connections) -> None:
    create(connections, record(connections))
    assert {one.headers["host"] for one in world.netsuite.requests} == {
        httpx2.URL(NETSUITE_URL).host
    }


def test_a_custom_record_is_put_twice_and_is_one_and_is_deleted_even_if_it_is_gone(
    world: SimulatedWorld, connections: Connections
) -> None:
    netsuite = connections.netsuite
    for code in ("FIRST", "SECOND"):
        fields = {"custrecord_ipos_log_code": code}
        connections.wait_for(netsuite.put_custom_record(INTEGRATION_LOG, "IPOS-X-1", fields))
    (kept,) = world.netsuite.custom_records(INTEGRATION_LOG)
    assert (kept["externalid"], kept["custrecord_ipos_log_code"]) == ("IPOS-X-1", "SECOND")
    for _ in range(2):
        connections.wait_for(netsuite.delete_custom_record(INTEGRATION_LOG, "IPOS-X-1"))
    assert world.netsuite.custom_records(INTEGRATION_LOG) == []


def test_a_field_of_a_custom_record_that_netsuite_lacks_is_refused(
    connections: Connections,
) -> None:
    """A field left out silently would show an error without its reason."""
    put = connections.netsuite.put_custom_record(INTEGRATION_LOG, "IPOS-X-1", {"custrecord_no": 1})
    with pytest.raises(RejectedError, match="custrecord_no"):
        connections.wait_for(put)


def test_a_transaction_is_never_put(connections: Connections) -> None:
    """A repeated PUT would add its lines again (ADR 0005)."""
    with pytest.raises(ValueError, match="not a custom record"):
        connections.wait_for(connections.netsuite.put_custom_record(CASH_SALE, "IPOS-X-1", {}))
