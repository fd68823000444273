"""When an invoice reaches the main server, and with which time on it (M1, M2, M19).

Does not imitate: a link that breaks in the middle of an upload, `ReceivedOn` of a late upload (it
stays as it was given).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulators.fault_dice import FaultDice
from simulators.ipos_access import Location
from simulators.ipos_store import Identity
from simulators.ipos_wire import JsonObject, normal_time

# An invoice, and the code of the location under which it is listed.
Addressed = tuple[Mapping[str, Any], str]


class Arrivals:
    """Decides, for each invoice that is added, what the location server makes of it."""

    def __init__(self, dice: FaultDice) -> None:
        self._dice = dice

    @property
    def are_disturbed(self) -> bool:
        """Say whether any fault of arrival is set."""
        faults = self._dice.faults
        return bool(faults.late_upload or faults.offline or faults.clock_skew_seconds)

    def disturb(
        self,
        invoices: Iterable[Addressed],
        location_of: Callable[[str], Location],
        *,
        at: datetime,
    ) -> tuple[list[Addressed], list[tuple[Identity, datetime]]]:
        """Answer the invoices with the times they carry, and until when some are to be hidden."""
        arriving: list[Addressed] = []
        late: list[tuple[Identity, datetime]] = []
        for invoice, code in invoices:
            skewed = self._with_skewed_clock(invoice, code)
            visible_from = self._visible_from(invoice, location_of(code), added_at=at)
            if visible_from is not None:
                late.append((Identity.of(code, skewed), visible_from))
            arriving.append((skewed, code))
        return arriving, late

    def _with_skewed_clock(self, invoice: Mapping[str, Any], location: str) -> JsonObject:
        """Shift `InvDate` by what the clock of the location is wrong."""
        skew_seconds = self._dice.faults.clock_skew_seconds.get(location)
        right = normal_time(invoice.get("InvDate"))
        if not skew_seconds or right is None or not self._dice.applies("clock_skew_seconds"):
            return dict(invoice)
        wrong = datetime.fromisoformat(right) + timedelta(seconds=skew_seconds)
        return {**invoice, "InvDate": wrong.isoformat(timespec="seconds")}

    def _visible_from(
        self, invoice: Mapping[str, Any], location: Location, *, added_at: datetime
    ) -> datetime | None:
        """Answer when a late invoice becomes visible, or None for one that is not late.

        The delay counts from `InvDate` or from `added_at`, whichever is later. What would arrive
        while the location is offline arrives when it is back.
        """
        made_at = _instant(invoice.get("InvDate"), location.timezone) or added_at
        due = usual = max(made_at, added_at)
        key = Identity.of(location.code, invoice)
        if self._dice.hits_document("late_upload", key):
            longest = self._dice.faults.late_upload_seconds_max
            delay = self._dice.random_of("delay", key).uniform(0, longest)
            due += timedelta(seconds=delay)
        window = self._dice.faults.offline.get(location.code)
        if window is not None and window.holds(due) and self._dice.applies("offline"):
            due = window.end
        return due if due > usual else None


def _instant(wall_clock: object, timezone: str) -> datetime | None:
    """Read a wall-clock time as an instant; None where it is unreadable or out of all bounds."""
    text = normal_time(wall_clock)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    except OverflowError:
        return None
