"""Lines taken from an earlier frame are those that the ledger would give."""

from __future__ import annotations

import pandas as pd

from ipos_pipeline.connections import Connections
from ipos_pipeline.steps.landed_lines import LandedDay, landed_day
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld


def lines(connections: Connections, before: pd.DataFrame | None = None) -> LandedDay:
    configuration = connections.configuration(LOCATION)
    return landed_day(
        connections.ledger,
        configuration=configuration,
        profile=connections.profile(configuration),
        day=DAY,
        before=before,
    )


def test_new_changed_and_unchanged_invoices_give_the_same_frame_either_way(
    world: SimulatedWorld, connections: Connections
) -> None:
    shop = Shops(world, connections)
    held = raw_invoice(raw_line(Qty=0), InvNo=2)
    world.ipos.add_invoices([raw_invoice(InvNo=1), held, raw_invoice(InvNo=3, Void=True)])
    shop.run()
    before = lines(connections).lines
    world.ipos.edit_invoice(
        LOCATION,
        "SALE",
        2,
        held["InvDate"],
        Lines=[raw_line(), raw_line(2)],
        SubTotal=7.98,
        NetAmount=7.98,
        TaxAmount=0.38,
    )
    world.ipos.add_invoices([raw_invoice(InvNo=4, InvDate="2026-11-20T09:00:00")])
    shop.run()

    built_upon, anew = lines(connections, before).lines, lines(connections).lines

    pd.testing.assert_frame_equal(built_upon, anew)
    assert anew["inv_no"].tolist()[0] == "4", "in order of time"
    assert not anew.equals(before)


def test_a_frame_of_other_columns_is_not_used(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.ipos.add_invoices([raw_invoice()])
    Shops(world, connections).run()
    whole = lines(connections).lines

    assert lines(connections, whole.drop(columns=["payload_hash"])).lines.equals(whole)


def test_an_invoice_that_left_the_day_is_not_kept(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.ipos.add_invoices([raw_invoice()])
    Shops(world, connections).run()
    whole = lines(connections).lines
    foreign = whole.assign(document_key="IPOS-DXB01-2026-S-1")

    assert lines(connections, pd.concat([whole, foreign])).lines.equals(whole)
