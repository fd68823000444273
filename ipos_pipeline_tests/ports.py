"""Ports for processes that must be told theirs, and that must find it free when they start anew."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from itertools import count

FIRST_PORT, PORTS_PER_WORKER = 20_000, 1_000
"""Below the ports that Linux hands out by itself, so that nobody is given one by chance."""
_USED = count()


def reserved_port() -> int:
    """Give a port of 127.0.0.1 that is free, and that no other test worker takes."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = FIRST_PORT + worker * PORTS_PER_WORKER + next(_USED)
        with socket.socket() as tried, suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("127.0.0.1", port))
            return port
