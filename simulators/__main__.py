"""The command `python -m simulators`: arguments, addresses, a clean end."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from simulators.faults import Faults, read_faults
from simulators.json_text import from_json
from simulators.launch import HOST, READY_FILE, Ports, Settings, running
from simulators.netsuite import Latency
from simulators.retail_replay import catalogue_of, read_sales
from simulators.world import SHOPS, Sales, location_codes, made_sales

PARENT_POLL_SECONDS = 0.5
SHOPS_NAMED = 8

_DESCRIPTION = """\
Starts the systems on the other side on this machine: the IPOS main server, NetSuite, and a mail
server that delivers nothing. Four shops, or as many as asked for, have sold for a day; NetSuite has
the master data and the configuration records, but no cash sale yet.
"""
_EXAMPLES = f"""\
examples:
  python -m simulators                                  today's made-up sales, any free ports
  python -m simulators --day 2026-11-20 --seed 7        another day; the same seed, the same sales
  python -m simulators --invoices-per-location 5000     a busy day
  python -m simulators --locations 400 --lines 8        many shops, sales of 8 lines only
  python -m simulators --latency 0.8 --slots 5          a slow NetSuite that takes 5 calls at once
  python -m simulators --sales retail.parquet --from 2010-11-01 --to 2010-11-07
                                                        real sales (UCI Online Retail II)
  python -m simulators --faults '{{"ipos": {{"slow": 0.1}}, "netsuite": {{"reply_lost": 0.05}}}}'
                                                        a bad day for networks

When all three answer, the addresses and the key are in DIR/{READY_FILE}; it is removed at the end.
A restart with the same DIR goes on with the same data, keys and ports: the options about sales
count only for a DIR without data. To look inside, without signing in:
  GET  IPOS/_simulator/summary, /invoices, /acknowledgements, /requests
  POST IPOS/_simulator/invoices     add an invoice; PATCH and DELETE change and remove one
  GET  IPOS/_simulator/faults, NETSUITE/_simulator/faults   what goes wrong; POST changes it
  GET  NETSUITE/_simulator/summary, /transactions, /requests, /custom-records/SCRIPT_ID
Mails are in DIR/mails. End with Ctrl-C or SIGTERM.
"""


class _OneLineParser(argparse.ArgumentParser):
    """A parser that answers wrong use with one line, not with the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with exit code 2."""
        self.exit(2, f"simulators: {message} (--help tells more)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes; answer the exit code: 0 for a clean end, 2 for wrong use."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    parent = os.getppid()
    try:
        with running(_settings(options)) as ready:
            print(_table(ready, options.state), flush=True)
            while not stop.wait(PARENT_POLL_SECONDS):
                if options.stop_with_parent and os.getppid() != parent:
                    break
    except (OSError, ValueError) as error:
        print(f"simulators: {_one_line(error)}", file=sys.stderr)
        return 2
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    """Turn options into settings; ValueError where they contradict each other."""
    if options.sales is not None and (options.first is None or options.last is None):
        message = "--sales needs --from and --to"
        raise ValueError(message)
    if options.sales is None and (options.first or options.last):
        message = "--from and --to need --sales"
        raise ValueError(message)
    return Settings(
        state=options.state,
        sales=lambda: _sales(options),
        ports=Ports(options.ipos_port, options.netsuite_port, options.smtp_port),
        algorithm=options.algorithm,
        latency=Latency(base_seconds=options.latency, sigma=options.latency_sigma),
        slots=options.slots,
        seed=options.seed,
        client_id=options.client_id,
        certificate_id=options.certificate_id,
        host=options.host,
        **options.faults,
    )


def _sales(options: argparse.Namespace) -> Sales:
    locations = location_codes(options.locations)
    if options.sales is None:
        return made_sales(
            options.day or datetime.now(ZoneInfo("Asia/Dubai")).date(),
            locations=locations,
            seed=options.seed,
            invoices_per_location=options.invoices_per_location,
            lines=options.lines,
            unknown_item=options.unknown_item,
        )
    return Sales(
        locations=locations,
        invoices=read_sales(
            options.sales, first=options.first, last=options.last, locations=locations
        ),
        items=catalogue_of(options.sales),
    )


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="python -m simulators",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--state",
        type=Path,
        default=Path("data/simulators"),
        metavar="DIR",
        help="where databases, keys and mails are kept (default: %(default)s)",
    )
    add("--host", default=HOST, metavar="ADDRESS", help="to listen on (default: %(default)s)")
    for name in ("ipos", "netsuite", "smtp"):
        add(f"--{name}-port", type=int, default=0, metavar="PORT", help="0: a free one, kept")
    _add_sales_options(parser)
    _add_netsuite_options(parser)
    add("--seed", type=int, default=0, metavar="N", help="for sales, credentials and faults")
    add(
        "--faults",
        type=_faults,
        default={},
        metavar="JSON",
        help="what goes wrong, by system; the names are those of simulators/faults.py",
    )
    add(
        "--stop-with-parent",
        action="store_true",
        help="end when the process that started this one ends",
    )
    return parser


def _add_sales_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("sales").add_argument
    day: dict[str, Any] = {"type": _day, "metavar": "YYYY-MM-DD"}
    add("--day", **day, help="day of the made-up sales (default: today in Dubai)")
    add(
        "--locations",
        type=_count,
        default=len(SHOPS),
        metavar="N",
        help="how many shops; beyond these four they are made up (default: %(default)s)",
    )
    add("--invoices-per-location", type=int, default=40, metavar="N", help="default: %(default)s")
    add("--lines", type=_count, metavar="N", help="only sales, each of so many lines")
    add("--unknown-item", action="store_true", help="sell one item that NetSuite lacks")
    add(
        "--sales",
        type=_readable_file,
        metavar="FILE",
        help="replay the sales of a Parquet file instead",
    )
    add("--from", dest="first", **day, help="first day of the replay")
    add("--to", dest="last", **day, help="last day of the replay")


def _add_netsuite_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("NetSuite").add_argument
    add(
        "--latency",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="what creating a record takes, the median (default: %(default)s)",
    )
    add(
        "--latency-sigma",
        type=float,
        default=0.0,
        metavar="S",
        help="spread of the latency: standard deviation of its logarithm (default: %(default)s)",
    )
    add("--slots", type=int, default=15, metavar="N", help="calls at once (default: %(default)s)")
    add(
        "--algorithm",
        choices=["ES256", "PS256"],
        default="ES256",
        help="of the key pair with which the pipeline signs in (default: %(default)s)",
    )
    add("--client-id", metavar="ID", help="of the integration (default: made from the key)")
    add("--certificate-id", metavar="ID", help="of that key (default: made from the key)")


def _faults(text: str) -> dict[str, Faults]:
    """Read `{"ipos": {...}, "netsuite": {...}}` into the settings of those names."""
    try:
        by_system = from_json(text)
        if not isinstance(by_system, dict) or not by_system.keys() <= {"ipos", "netsuite"}:
            message = "a JSON object with the keys ipos and netsuite is needed"
            raise argparse.ArgumentTypeError(message)
        return {f"{system}_faults": read_faults(one) for system, one in by_system.items()}
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _readable_file(text: str) -> Path:
    path = Path(text)
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"cannot read {text}: {error.strerror}"
        raise argparse.ArgumentTypeError(message) from error
    return path


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        message = f"{text} is no number of 1 or more"
        raise argparse.ArgumentTypeError(message)
    return count


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text} is no day like 2026-11-20"
        raise argparse.ArgumentTypeError(message) from error


def _table(ready: dict[str, Any], state: Path) -> str:
    rows = {
        "IPOS": ready["ipos_base_url"],
        "NetSuite": f"{ready['netsuite_base_url']}  (account {ready['netsuite_account_id']})",
        "Mail": f"{ready['smtp_host']}:{ready['smtp_port']}  (kept in {state / 'mails'})",
        "Shops": _shops(ready["locations"]),
        "Sales": f"{ready['first_day']} to {ready['last_day']}",
        "Details": str(state / READY_FILE),
    }
    return "\n".join(f"{name:<9} {value}" for name, value in rows.items())


def _shops(codes: Sequence[str]) -> str:
    if len(codes) <= SHOPS_NAMED:
        return ", ".join(codes)
    return f"{len(codes)}: {', '.join(codes[: SHOPS_NAMED - 1])}, ... {codes[-1]}"


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
