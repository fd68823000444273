"""`ipos-pipeline status`: how each location stands."""

from __future__ import annotations

from dataclasses import asdict

import click

from ipos_pipeline.cli.acting import DONE, json_option, opened, print_json, text_table
from ipos_pipeline.cli.output import results
from ipos_pipeline.steps.listing_errors import standing

_COLUMNS = ("Shop", "Sales sync", "error", "Returns sync", "error", "Open", "Set aside")


@click.command()
@click.option(
    "--location",
    "locations",
    multiple=True,
    metavar="CODE",
    help="IPOS location; may be given several times. Default: all active ones.",
)
@json_option
def status(*, locations: tuple[str, ...], as_json: bool) -> int:
    """Show for each location the four dates, open errors, and the oldest invoice not posted.

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
        print_json({"locations": [asdict(one) for one in found]})
        return DONE
    rows = (
        (
            one.location_code,
            *asdict(one.dates).values(),
            one.open_errors,
            one.set_aside,
            f"{one.oldest_unposted}, {one.oldest_unposted_at}" if one.oldest_unposted else "none",
        )
        for one in found
    )
    results.print(text_table("Locations (UTC)", (*_COLUMNS, "Oldest not posted"), rows))
    return DONE
