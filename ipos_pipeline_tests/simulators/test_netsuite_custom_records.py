"""Custom records follow their definition, and an upsert of one can be repeated."""

from typing import Any

import pytest

from ipos_pipeline_tests.simulators.signed_in_account import RECORDS, STRICT, Account, details

LOG = "customrecord_ipos_integration_log"
LOG_PATH = f"{RECORDS}/{LOG}"


@pytest.fixture
def account() -> Account:
    account = Account()
    account.simulator.define_custom_record(
        LOG,
        {
            "custrecord_error": "text",
            "custrecord_payload": "longtext",
            "custrecord_open": "boolean",
            "custrecord_attempts": "integer",
            "custrecord_failed": "datetime",
            "custrecord_location": "reference",
        },
    )
    return account


def put(account: Account, external_id: str, **values: Any) -> int:
    path = f"{LOG_PATH}/eid:{external_id}"
    return account.call("PUT", path, json=values, headers=STRICT).status_code


def test_an_upsert_can_be_repeated(account: Account) -> None:
    assert put(account, "K", name="n", custrecord_error="first") == 204
    assert put(account, "K", custrecord_error="second") == 204

    (record,) = account.simulator.custom_records(LOG)
    assert (record["id"], record["externalid"], record["name"]) == ("1", "K", "n")
    assert record["custrecord_error"] == "second"


def test_a_post_with_a_taken_external_id_is_refused(account: Account) -> None:
    """External IDs are per type: a transaction may have the same one."""
    first = account.post(LOG_PATH, {"externalId": "K", "name": "n"})
    second = account.post(LOG_PATH, {"externalId": "K", "name": "n"})

    assert first.headers["Location"].endswith(f"/{LOG}/1")
    assert details(second)[0]["detail"] == "This record already exists"


def test_date_times_are_kept_in_utc_and_references_as_objects(account: Account) -> None:
    put(account, "K", custrecord_failed="2026-11-20T10:00:00+04:00", custrecord_location={"id": 5})

    record = account.call("GET", f"{LOG_PATH}/eid:K").json()

    assert record["custrecord_failed"] == "2026-11-20T06:00:00Z"
    assert record["custrecord_location"]["id"] == "5"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custrecord_error", 5),
        ("custrecord_error", "x" * 301),
        ("custrecord_open", "T"),
        ("custrecord_attempts", "3"),
        ("custrecord_failed", "2026-11-20T10:00:00"),
        ("custrecord_location", "Mall"),
        ("custrecord_unknown", "x"),
    ],
)
def test_a_wrong_value_or_name_is_refused(account: Account, name: str, value: object) -> None:
    assert put(account, "K", **{name: value}) == 400
    assert account.simulator.custom_records(LOG) == []


def test_deleting_what_is_not_there_is_a_404_and_ids_are_not_used_again(account: Account) -> None:
    put(account, "K")

    assert account.call("DELETE", f"{LOG_PATH}/eid:K").status_code == 204
    assert account.call("DELETE", f"{LOG_PATH}/eid:K").status_code == 404
    put(account, "K")
    assert account.simulator.custom_records(LOG)[0]["id"] == "2"


def test_suiteql_shows_a_custom_record_as_a_table(account: Account) -> None:
    put(account, "K", custrecord_open=True, custrecord_failed="2026-11-20T10:00:00Z")

    assert account.rows(
        f"SELECT externalid, custrecord_open, custrecord_error, isinactive,"
        f" TO_CHAR(custrecord_failed, 'YYYY-MM-DD HH24:MI:SS') AS failed FROM {LOG}"
    ) == [
        {
            "externalid": "K",
            "custrecord_open": "T",
            "isinactive": "F",
            "failed": "2026-11-20 10:00:00",
        }
    ]


def test_a_person_can_put_a_record_but_not_a_field_that_does_not_exist(account: Account) -> None:
    id_ = account.simulator.put_custom_record(LOG, {"name": "n", "isinactive": True}, id=40)

    assert (id_, account.simulator.custom_records(LOG)[0]["isinactive"]) == ("40", True)
    with pytest.raises(ValueError, match="custrecord_unknown"):
        account.simulator.put_custom_record(LOG, {"custrecord_unknown": 1})


def test_an_undefined_type_is_a_404(account: Account) -> None:
    assert account.call("GET", f"{RECORDS}/customrecord_other/1").status_code == 404
