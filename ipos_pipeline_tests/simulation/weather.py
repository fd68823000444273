"""Everything that a seed draws: the day's invoices, what goes wrong, and when."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from ipos_pipeline_tests.builders import DAY
from simulators.faults import Faults, Window
from simulators.sales_day import make_sales_day

SHOPS = ("DXB01", "DXB02")
EFFECTS_MAX = 60

IPOS_KNOBS = (
    *("stalled", "connection_reset", "server_error", "throttled", "reply_lost", "html_page"),
    *("truncated", "repeated_row", "unstable_order", "short_page", "dates_ignored"),
    *("broken_invoice", "odd_invoice", "status_zero", "empty_body", "no_content", "null_data"),
    *("byte_order_mark", "acknowledgement_lost", "acknowledgement_reply_lost"),
    *("acknowledgement_twice", "acknowledgement_ignored", "other_location"),
)
NETSUITE_KNOBS = (
    *("stalled", "connection_reset", "server_error", "throttled", "reply_lost", "reply_stalled"),
    *("server_error_after", "html_page", "truncated", "unauthorized", "tokens_revoked"),
    *("token_error", "token_refused", "request_limit", "duplicate_reworded"),
    *("location_missing", "location_relative", "suiteql_failure"),
)


class Weather:
    """The draws of one storm, all from one seed."""

    def __init__(self, seed: int, *, search_lags: bool = True) -> None:
        self._random = Random(f"storm {seed}")  # noqa: S311 - a storm must be repeatable
        self._search_lags = search_lags
        self._is_calm = False
        self.shops = SHOPS[: self._random.choice((1, 1, 2))]
        self.stormy_ticks = self._random.randint(2, 6)
        self._crash_share = self._random.choice((0.0, 0.4, 0.8))
        self._twice_share = self._random.choice((0.0, 0.0, 0.3))
        self._edit_share = self._random.choice((0.0, 0.0, 0.4))
        per_shop = self._random.choice((1, 3, 6, 12))
        day = make_sales_day(
            DAY, self.shops, seed=self._random.randrange(10**9), invoices_per_location=per_shop
        )
        self._random.shuffle(day)
        late = self._random.randint(0, len(day) // 2)
        self._first, self._late = day[late:], day[:late]

    @property
    def fraction(self) -> Any:
        """A source of fractions for jitter."""
        return self._random.random

    def first_invoices(self) -> list[dict[str, Any]]:
        """Give the invoices that are there from the start."""
        return self._first

    def late_invoices(self, tick: int) -> list[dict[str, Any]]:
        """Give the invoices that a shop uploads only now; the last tick brings what is left."""
        count = len(self._late)
        if tick + 1 < self.stormy_ticks:
            count = self._random.randint(0, count)
        now, self._late = self._late[:count], self._late[count:]
        return now

    def edit(
        self, invoices: Sequence[dict[str, Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Now and then let somebody raise the price of one line by one dirham."""
        if self._random.random() >= self._edit_share:
            return None
        raw = self._random.choice(list(invoices))
        if raw["Void"] or Decimal(raw["Lines"][0]["Qty"]) <= 0:
            return None
        first, *others = raw["Lines"]
        dearer = {**first, "NetRate": first["NetRate"] + 1, "Rate": first["Rate"] + 1}
        changes = {
            "Lines": [dearer, *others],
            "SubTotal": raw["SubTotal"] + 1,
            "NetAmount": raw["NetAmount"] + 1,
        }
        return raw, changes

    def calm_down(self) -> None:
        """No crash and no double run from now on."""
        self._is_calm = True

    def crash_after(self) -> int | None:
        """Draw after how many effects a process dies, if it does."""
        if self._is_calm or self._random.random() >= self._crash_share:
            return None
        return self._random.randint(1, EFFECTS_MAX)

    def is_run_twice(self) -> bool:
        """Draw whether a store-day is run by two processes at the same moment."""
        return not self._is_calm and self._random.random() < self._twice_share

    def ipos_faults(self) -> Faults:
        """Draw what goes wrong with IPOS in this tick."""
        faults = self._drawn(IPOS_KNOBS)
        if self._random.random() < 0.3:
            faults = dataclasses.replace(faults, page_size_cap=self._random.choice((1, 2, 5)))
        return faults

    def netsuite_faults(self, now: datetime) -> Faults:
        """Draw what goes wrong with NetSuite in this tick."""
        faults = self._drawn(NETSUITE_KNOBS)
        if self._search_lags and self._random.random() < 0.2:
            faults = dataclasses.replace(
                faults, index_lag_seconds=self._random.choice((5.0, 1200.0))
            )
        if self._random.random() < 0.1:
            faults = dataclasses.replace(
                faults, maintenance=Window(now, now + timedelta(minutes=20))
            )
        return faults

    def _drawn(self, knobs: Sequence[str]) -> Faults:
        """Give some knobs a chance, mostly a small one; in a calm tick none."""
        if self._random.random() < 0.15:
            return Faults()
        chosen = self._random.sample(knobs, self._random.randint(1, 4))
        return Faults(**{name: self._random.choice((0.05, 0.2, 0.6)) for name in chosen})
