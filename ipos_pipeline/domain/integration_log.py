"""The record of an open error in NetSuite: custom record `customrecord_ipos_integration_log`.

Field lengths are those of NetSuite's user interface: free-form text 300 characters, long text
1,000,000. They are assumed, from no source that was checked against an account.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.plain_text import one_line

INTEGRATION_LOG = "customrecord_ipos_integration_log"
TEXT_MAX = 300
ERROR_MAX = 4000
PAYLOAD_MAX = 100_000
"""Enough for any real invoice; a longer one is kept whole in the ledger."""


def log_fields(
    *,
    external_id: str,
    location_code: str,
    number: str | None,
    record_type: str | None,
    stage: str,
    code: str,
    message: str,
    payload: str | None,
    attempts: int,
    first_failed_at: datetime,
    last_failed_at: datetime,
) -> dict[str, Any]:
    """Build the body of the record; every text fits its field and holds no control character."""
    fields = {
        "location": one_line(location_code, TEXT_MAX),
        "invoice": one_line(number or "unknown", TEXT_MAX),
        "type": one_line(f"{record_type or 'invoice'} ({stage})", TEXT_MAX),
        "code": one_line(code, TEXT_MAX),
        "error": one_line(message, ERROR_MAX),
        "payload": _bounded(payload),
        "attempts": attempts,
        "first_failed": _instant(first_failed_at),
        "last_failed": _instant(last_failed_at),
    }
    named = {f"custrecord_ipos_log_{name}": value for name, value in fields.items()}
    return {"externalId": external_id, **named}


def _bounded(payload: str | None) -> str:
    """Give the payload as JSON that fits, even where it has to be cut."""
    if payload is None:
        return "{}"
    if len(payload) <= PAYLOAD_MAX:
        return payload
    shown = PAYLOAD_MAX // 2
    return write_json({"cut_after_characters": shown, "begins": payload[:shown]})


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
