"""People and runs act at once: whoever comes second finds it changed, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from ipos_pipeline.cli.main import run
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.operators.conftest import statuses
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld

SALE = "IPOS-DXB01-2026-S-10377-CS"


class Meanwhile(httpx2.AsyncBaseTransport):
    """Lets something happen once, right before a request of that method and path goes out."""

    def __init__(self, world: SimulatedWorld, method: str, path: str) -> None:
        self._inner = world.transport()
        self._when = (method, path)
        self.happens: Callable[[], object] | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        method, path = self._when
        if self.happens is not None and request.method == method and path in request.url.path:
            act, self.happens = self.happens, None
            act()
        return await self._inner.handle_async_request(request)


def operator(shop: Shops, *arguments: str) -> Callable[[], int]:
    """Give a person's command on connections, and an event loop, of its own."""

    def act() -> int:
        with ThreadPoolExecutor(1) as other:
            return other.submit(run, arguments, connect=shop.world.connections).result()

    return act


def run_with(shop: Shops, transport: Meanwhile) -> None:
    """Run the store-day while something happens."""
    with shop.world.connections(transport) as opened:
        Shops(shop.world, opened).run()


@pytest.mark.parametrize(
    "arguments",
    [
        ("errors", "retry", "--invoice", "10377", "--yes"),
        ("errors", "set-aside", "--invoice", "10377", "--reason", "x", "--yes"),
        ("withdraw", "--invoice", "10377", "--reason", "x", "--yes"),
        ("repost", "--invoice", "10377", "--reason", "x", "--yes"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_document_that_is_being_sent_is_nobody_elses(
    shop: Shops, arguments: tuple[str, ...]
) -> None:
    shop.world.ipos.add_invoices([raw_invoice()])
    shop.world.netsuite.close_period(shop.world.clock().date())
    shop.run()
    shop.world.netsuite.reopen_period(shop.world.clock().date())
    shop.world.clock.advance(15 * 60)
    transport = Meanwhile(shop.world, "POST", "/record/v1/cashSale")
    transport.happens = operator(shop, *arguments)

    run_with(shop, transport)

    assert statuses(shop) == {SALE: "posted"}
    assert len(shop.transactions()) == 1


def test_a_posting_that_is_withdrawn_while_a_run_acknowledges_is_not_lost(shop: Shops) -> None:
    shop.world.ipos.add_invoices([raw_invoice()])
    transport = Meanwhile(shop.world, "POST", "/acknowledge")
    withdraw = operator(shop, "withdraw", "--invoice", "10377", "--reason", "x", "--yes")
    transport.happens = withdraw

    run_with(shop, transport)

    assert statuses(shop) == {SALE: "withdrawn"}
    assert shop.transactions() == {}
    shop.world.clock.advance(60)
    assert operator(shop, "repost", "--invoice", "10377", "--reason", "x", "--yes")() == 0
    shop.world.clock.advance(60)
    tick = shop.run()
    assert list(shop.posted()) == [SALE]
    assert tick.proof.is_proved
    told = shop.world.ipos.acknowledgements()[-1]
    assert told["ErpId"] == shop.transactions()[SALE]["id"], "IPOS hears of what is there now"


def test_two_people_who_withdraw_at_once_delete_once(shop: Shops) -> None:
    shop.world.ipos.add_invoices([raw_invoice()])
    shop.run()
    transport = Meanwhile(shop.world, "DELETE", "/cashSale/")
    arguments = ("withdraw", "--invoice", "10377", "--reason", "x", "--yes")
    transport.happens = operator(shop, *arguments)

    assert run(arguments, connect=lambda: shop.world.connections(transport)) == 0

    assert statuses(shop) == {SALE: "withdrawn"}
    assert shop.transactions() == {}
