"""The command `ipos-pipeline` and its subcommands.

Exit codes everywhere: 0 done, 1 something failed, 2 wrong use or settings.
"""

from __future__ import annotations

import sys

import click

from ipos_pipeline.cli.demo import demo
from ipos_pipeline.cli.output import console
from ipos_pipeline.cli.rebuild_ledger import rebuild_ledger
from ipos_pipeline.cli.simulate import simulate
from ipos_pipeline.cli.sync import sync
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


for command in (sync, rebuild_ledger, simulate, demo):
    cli.add_command(command)


def main() -> None:
    """Run the command; our own errors become one clear message instead of a stack trace."""
    try:
        sys.exit(cli.main(standalone_mode=False) or DONE)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        console.print("Stopped.")
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(WRONG_USE)
    except PipelineError as error:
        console.print(f"[bold red]{type(error).__name__}[/]", highlight=False)
        console.print(error.message, markup=False, highlight=False)
        console.print(f"What to do: {error.recovery}", markup=False, highlight=False)
        sys.exit(WRONG_USE if isinstance(error, ConfigurationError) else FAILED)
