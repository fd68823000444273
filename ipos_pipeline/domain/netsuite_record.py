"""Cash sales and cash refunds as NetSuite names them: typed fields and their JSON body.

Field names are those of Oracle's REST API Browser 2026.1 for cashSale and cashRefund.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

RecordType = Literal["cashSale", "cashRefund"]
AmountField = Literal["amount", "grossAmt"]

CASH_SALE: RecordType = "cashSale"
CASH_REFUND: RecordType = "cashRefund"

SUITEQL_TYPES = {CASH_SALE: "CashSale", CASH_REFUND: "CashRfnd"}
"""`transaction.type` of each record type (enum in the REST schema)."""

CUSTOM_PRICE_LEVEL = "-1"
"""Price level "Custom", so that NetSuite keeps our amount. General knowledge, no source found."""


def reference(internal_id: str) -> dict[str, str]:
    """Write a reference to another record."""
    return {"id": internal_id}


def plain_number(number: Decimal) -> Decimal | int:
    """Write a quantity without trailing zeros."""
    return int(number) if number == number.to_integral_value() else number.normalize()


@dataclass(frozen=True, slots=True)
class NetSuiteLine:
    """One item line; `amount` in AED with two places, positive on refunds too."""

    item_id: str
    quantity: Decimal
    amount: Decimal
    amount_field: AmountField
    tax_code_id: str
    location_id: str
    description: str | None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_payload(self) -> dict[str, Any]:
        """Build the line as NetSuite's REST record service takes it."""
        return {
            "item": reference(self.item_id),
            "quantity": plain_number(self.quantity),
            "price": reference(CUSTOM_PRICE_LEVEL),
            self.amount_field: self.amount,
            "taxCode": reference(self.tax_code_id),
            "location": reference(self.location_id),
            "description": self.description,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class NetSuiteRecord:
    """One cash sale or cash refund. `total` (AED, positive) is what NetSuite should compute."""

    record_type: RecordType
    external_id: str
    entity_id: str
    tran_date: date
    location_id: str
    subsidiary_id: str | None
    currency_id: str
    account_id: str
    memo: str
    lines: tuple[NetSuiteLine, ...]
    total: Decimal
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_payload(self) -> dict[str, Any]:
        """Build the body of the create request. An account makes the status Deposited."""
        payload: dict[str, Any] = {
            "externalId": self.external_id,
            "entity": reference(self.entity_id),
            "tranDate": self.tran_date.isoformat(),
            "location": reference(self.location_id),
            "currency": reference(self.currency_id),
            "account": reference(self.account_id),
            "memo": self.memo,
            **self.extra,
            "item": {"items": [line.to_payload() for line in self.lines]},
        }
        if self.subsidiary_id is not None:
            payload["subsidiary"] = reference(self.subsidiary_id)
        return payload
