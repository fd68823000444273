"""Shadow: a store-day that another script posts, and that is only read, mapped and compared here.

Belongs here: which store-days those are. Not here: the comparison (shadow_comparison.py), what a
run leaves out (ADR 0025 names the places).
"""

from __future__ import annotations

from datetime import date, timedelta

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.failed_run import pipeline_system
from ipos_pipeline.errors import ConfigurationError

GUARDED_FOR = timedelta(days=7)
"""Business days from `live_from` on whose documents are looked for under the other script's key."""


def is_shadow(configuration: IposConfiguration, business_date: date) -> bool:
    """Tell whether nothing of a store-day may be posted, and IPOS is told nothing of it.

    So is every day of a location in shadow, and every day before its first live one.
    """
    first = configuration.live_from
    return configuration.mode == "shadow" or (first is not None and business_date < first)


def is_guarded(configuration: IposConfiguration, business_date: date) -> bool:
    """Tell whether a live store-day is so early that the other script may have posted of it.

    It goes by the business day, not by the clock: an error that waits for a person stays guarded.
    """
    first = configuration.live_from
    return first is not None and first <= business_date < first + GUARDED_FOR


def first_day_missing(configuration: IposConfiguration) -> ConfigurationError:
    """Say that what was in shadow is not posted until the record names the first live day."""
    code = configuration.location_code
    error = ConfigurationError(
        f"Location {code} was in shadow and is live now, and live_from of its record is empty.",
        recovery="Write the first business day that the other script does not post, such as"
        " 2026-12-01, into live_from of the location's IPOS Configuration record. Earlier days stay"
        " in shadow. Until then nothing is posted of days that were.",
    )
    error.system = pipeline_system(code)
    return error


def as_live(configuration: IposConfiguration) -> IposConfiguration:
    """Give the record as it would be with everything live, to see what would be posted."""
    return configuration.model_copy(update={"mode": "live", "live_from": None})
