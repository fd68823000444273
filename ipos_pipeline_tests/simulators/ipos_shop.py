"""What the tests of the IPOS simulator share: a shop, an invoice, and a client without a socket."""

import asyncio
from decimal import Decimal
from typing import Any

import httpx2
import simplejson

from simulators.in_process import InProcessTransport
from simulators.ipos import IposSimulator

KEY = {"X-Api-Key": "dxb01-key"}


def make_simulator(**settings: Any) -> IposSimulator:
    """Start a simulator with the shop DXB01."""
    simulator = IposSimulator(**settings)
    simulator.add_location("DXB01", auth_header="X-Api-Key", auth_value="dxb01-key")
    return simulator


def make_invoice(number: object = 10377, **changes: Any) -> dict[str, Any]:
    """Make an invoice of one line; `changes` are named as on the wire."""
    line = {"InvNo": number, "SlNo": 1, "Qty": 1, "NetRate": Decimal("3.99"), "Discount": 0}
    invoice = {
        "InvNo": number,
        "InvDate": "2026-11-20T11:07:33",
        "DocType": "SALE",
        "LocationCode": "DXB01",
        "NetAmount": Decimal("3.99"),
        "RoundOff": Decimal("0.00"),
        "Posted": 0,
        "Lines": [line],
    }
    return {**invoice, **changes}


def call(
    simulator: IposSimulator,
    method: str,
    path: str,
    *,
    headers: dict[str, str] = KEY,
    **request: Any,
) -> httpx2.Response:
    """Send one request to the application itself."""

    async def send() -> httpx2.Response:
        transport = InProcessTransport({"http://ipos": simulator.app})
        async with httpx2.AsyncClient(transport=transport, base_url="http://ipos") as client:
            return await client.request(method, path, headers=headers, **request)

    return asyncio.run(send())


def body_of(response: httpx2.Response) -> Any:
    """Read a body with exact decimals."""
    return simplejson.loads(response.text, use_decimal=True)


def listed(
    simulator: IposSimulator, path: str = "/api/invoices", **parameters: object
) -> dict[str, Any]:
    """Ask for a page of invoices of DXB01 and answer the whole envelope."""
    response = call(simulator, "GET", path, params={"location": "DXB01", **parameters})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = body_of(response)
    return body


def numbers(page: dict[str, Any]) -> list[object]:
    """Read the numbers off a page of the nested profile."""
    return [invoice["InvNo"] for invoice in page["Data"]]


def acknowledge(simulator: IposSimulator, *documents: dict[str, Any]) -> Any:
    """Acknowledge documents of DXB01 and answer the body."""
    body = {"LocationCode": "DXB01", "Documents": list(documents)}
    return body_of(call(simulator, "POST", "/api/acknowledge", json=body))


def document(number: object = 10377, **changes: Any) -> dict[str, Any]:
    """Make an entry of an acknowledgement that fits `make_invoice`."""
    posted = {
        "DocType": "SALE",
        "InvNo": number,
        "InvDate": "2026-11-20T11:07:33",
        "ErpId": "987654",
        "Status": "POSTED",
    }
    return {**posted, **changes}
