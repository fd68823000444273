"""`ipos-pipeline status`: how each location stands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from ipos_pipeline.cli.acting import (
    DONE,
    json_option,
    locations_option,
    opened,
    print_json,
    text_table,
)
from ipos_pipeline.cli.output import results, say
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.steps.listing_errors import LocationStanding, standing

_COLUMNS = (
    *("Shop", "Sales\nsync", "Sales\nerror", "Return\nsync", "Return\nerror"),
    *("Open", "Set\naside"),
)


@click.command()
@locations_option
@json_option
def status(*, locations: tuple[str, ...], as_json: bool) -> int:
    """Show for each location the four dates, open errors, and the oldest invoice not posted.

    A location in shadow, or live from some day on, says so.

    \b
    Examples:
      ipos-pipeline status
      ipos-pipeline status --location DXB01 --json
    """
    with opened() as connections:
        active = connections.configurations()
        codes = [connections.configuration(one).location_code for one in locations]
        found = standing(connections.ledger, codes or sorted(active))
    if as_json:
        print_json({"locations": [_as_json(one, active[one.location_code]) for one in found]})
        return DONE
    rows = (
        (
            one.location_code,
            *map(_minute, asdict(one.dates).values()),
            one.open_errors,
            one.set_aside,
        )
        for one in found
    )
    results.print(text_table("Locations (UTC)", _COLUMNS, rows))
    for one in found:
        if one.oldest_unposted is not None:
            sold = _minute(one.oldest_unposted_at)
            say(
                f"{one.location_code}: the oldest not posted is {one.oldest_unposted}, sold {sold}."
            )
        if words := _mode_in_words(active[one.location_code]):
            say(f"{one.location_code}: {words}")
    return DONE


def _as_json(one: LocationStanding, record: IposConfiguration) -> dict[str, Any]:
    return {**asdict(one), "mode": record.mode, "live_from": record.live_from}


def _mode_in_words(record: IposConfiguration) -> str | None:
    if record.mode == "shadow":
        return "in shadow: nothing is posted; `ipos-pipeline shadow report` compares."
    if record.live_from is not None:
        return f"live from {record.live_from}; days before are in shadow."
    return None


def _minute(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
