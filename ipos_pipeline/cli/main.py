"""The command `ipos-pipeline` and its subcommands.

Exit codes everywhere: 0 done, 1 something failed, 2 wrong use or settings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import click

from ipos_pipeline.cli.check_connections import check_connections
from ipos_pipeline.cli.db import db
from ipos_pipeline.cli.demo import demo
from ipos_pipeline.cli.errors import errors
from ipos_pipeline.cli.metrics import metrics
from ipos_pipeline.cli.output import console, say
from ipos_pipeline.cli.rebuild_ledger import rebuild_ledger
from ipos_pipeline.cli.reconcile import reconcile
from ipos_pipeline.cli.shadow import shadow
from ipos_pipeline.cli.simulate import simulate
from ipos_pipeline.cli.status import status
from ipos_pipeline.cli.sync import sync
from ipos_pipeline.cli.withdraw import repost, withdraw
from ipos_pipeline.connections import Connections, log_as_set
from ipos_pipeline.domain.plain_text import is_storable
from ipos_pipeline.errors import ConfigurationError, PipelineError

DONE, FAILED, WRONG_USE = 0, 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Shop sales from IPOS into NetSuite: exactly once, the same day, none missing.

    \b
    First steps on a fresh clone:
      make demo                              a day of four shops, all systems simulated
      make ui                                Dagster's UI on the demo's data

    Settings come from environment variables; .env.example names and explains each of them.
    """


for command in (
    sync,
    status,
    errors,
    withdraw,
    repost,
    reconcile,
    shadow,
    check_connections,
    rebuild_ledger,
    db,
    metrics,
    simulate,
    demo,
):
    cli.add_command(command)


def main() -> None:
    """Run the command of this process; what it does is shown, and logged only if that is set."""
    log_as_set(os.environ, otherwise="off")
    sys.exit(run())


def run(
    arguments: Sequence[str] | None = None, *, connect: Callable[[], Connections] | None = None
) -> int:
    """Run a command and give its exit code; our own errors become one clear message.

    `connect` opens what the commands of operators reach; tests give their own simulators.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if not all(map(is_storable, given)):
        say("An argument is not text in UTF-8.")
        return WRONG_USE
    try:
        return int(cli.main(arguments, standalone_mode=False, obj=connect) or DONE)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        console.print("Stopped.")
        return FAILED
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except PipelineError as error:
        console.print(f"[bold red]{type(error).__name__}[/]", highlight=False)
        say(error.message)
        say(f"What to do: {error.recovery}")
        return WRONG_USE if isinstance(error, ConfigurationError) else FAILED
