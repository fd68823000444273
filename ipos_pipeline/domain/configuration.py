"""The "IPOS Configuration" record: what one location needs, and how far it can be trusted.

Field names are those of the custom record without `custrecord_ipos_` (interfaces.md). Credentials
are secret values: they show as stars in every repr and never enter a log, a frame or the ledger.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ipos_pipeline.domain.addresses import address_on, server_address
from ipos_pipeline.domain.plain_text import is_storable


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())  # it reads the whole database of time zones


def _storable(text: str) -> str:
    if not is_storable(text):
        message = "must be text that a database can hold"
        raise ValueError(message)
    return text


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        message = f"{name!r} is not a time zone name such as Asia/Dubai"
        raise ValueError(message)
    return name


def _header_name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        message = "must be the name of an HTTP header such as X-Api-Key"
        raise ValueError(message)
    return name


def _header_value(secret: SecretStr | None) -> SecretStr | None:
    """Refuse here what the HTTP library would refuse with the credential in its message."""
    if secret is not None and not re.fullmatch(
        r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", secret.get_secret_value()
    ):
        message = "must be one line of ASCII characters without spaces around it"
        raise ValueError(message)
    return secret


HttpUrl = Annotated[str, AfterValidator(server_address)]
"""The address of a server (addresses.py), without a slash at its end."""

InternalId = Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d+$")]
"""A NetSuite internal ID, as text."""

Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Optional = BeforeValidator(_none_if_blank)


def _words(value: object) -> object:
    """Read a list as people type it into one field: by commas or lines, with or without spaces."""
    given = value if isinstance(value, list | tuple) else re.split(r"[,\n]", str(value or ""))
    if any(isinstance(one, bool) or not isinstance(one, str | int) for one in given):
        message = "must be texts, separated by commas or lines"
        raise ValueError(message)
    return tuple(dict.fromkeys(word for one in given if (word := str(one).strip())))


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
"""Some words, each once, in the order in which they were given."""


def _business_day(value: object) -> object:
    """Read a day as it is written in a text field or in YAML; numbers and times are no days."""
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        return date.fromisoformat(value.strip())
    message = "must be a day such as 2026-12-01"
    raise ValueError(message)


Mode = Literal["live", "shadow"]
"""Whether a location's sales are posted, or only compared with what another script posts."""

ClosedPeriodPolicy = Literal["queue", "first_open_day"]
"""What becomes of a document whose day lies in a closed accounting period: a person decides, or it
is posted under the first open day after it."""

CONFIGURATION = "configuration"
"""What the names of all systems begin with that are a record, or the records as a whole."""

RECORDS = f"{CONFIGURATION} records"
"""The system's name in errors and outages when no record can be read."""

DATES_FOR_PEOPLE = ("last_sales_sync", "last_sales_error", "last_return_sync", "last_return_error")
"""Fields of the record that the pipeline writes and never reads as its own memory."""

SECRET_FIELDS = ("auth_value", "password")
"""Fields of the record that hold a credential."""


class IposConfiguration(BaseModel):
    """One location's configuration record. `currency` is the internal ID of AED.

    `test_counters` and `test_items` (the barcodes by which items are found) mark invoices that no
    customer made. `acknowledge_filtered`: whether IPOS is told of what a filter keeps out.
    `mode` and `live_from` (the first business day that is posted) are read by `shadow.is_shadow`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[Text | None, Optional] = None
    isinactive: bool = False
    location_code: Annotated[Text, Field(max_length=100), AfterValidator(_storable)]
    domain_url: HttpUrl
    invoices_url: Annotated[str | None, Optional] = None
    returns_url: Annotated[str | None, Optional] = None
    acknowledge_url: Annotated[str | None, Optional] = None
    summary_url: Annotated[str | None, Optional] = None
    auth_header: Annotated[str | None, Optional, AfterValidator(_header_name)] = None
    auth_value: Annotated[SecretStr | None, Optional, AfterValidator(_header_value)] = None
    token_url: Annotated[str | None, Optional] = None
    username: Annotated[Text | None, Optional] = None
    password: Annotated[SecretStr | None, Optional] = None
    profile: Annotated[str, BeforeValidator(lambda value: value or "nested")] = "nested"
    customer: InternalId
    tax_code: InternalId
    prices_include_tax: bool = True
    location: InternalId
    subsidiary: Annotated[InternalId | None, Optional] = None
    account: InternalId
    currency: InternalId
    error_email: Annotated[str | None, Optional] = None
    timezone: Annotated[
        str,
        BeforeValidator(lambda value: value or "Asia/Dubai"),
        AfterValidator(_known_timezone),
    ] = "Asia/Dubai"
    day_cutoff_hour: Annotated[
        int, BeforeValidator(lambda value: 0 if value in (None, "") else value), Field(ge=0, le=23)
    ] = 0
    acknowledge_filtered: Annotated[
        bool, BeforeValidator(lambda value: False if value in (None, "") else value)
    ] = False
    closed_period: Annotated[
        ClosedPeriodPolicy, BeforeValidator(lambda value: value or "queue")
    ] = "queue"
    mode: Annotated[
        Mode, BeforeValidator(lambda value: "live" if _none_if_blank(value) is None else value)
    ] = "live"
    live_from: Annotated[date | None, BeforeValidator(_business_day), Optional] = None
    test_counters: Words = ()
    test_items: Words = ()

    @field_validator("invoices_url", "returns_url", "acknowledge_url", "summary_url", "token_url")
    @classmethod
    def _stays_on_the_server(cls, path: str | None, others: ValidationInfo) -> str | None:
        if path is not None and "domain_url" in others.data:
            address_on(others.data["domain_url"], path)
        return path

    @model_validator(mode="before")
    @classmethod
    def _without_the_dates(cls, values: object) -> object:
        """Drop the four dates: they are for people to read, and never trusted here."""
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if name not in DATES_FOR_PEOPLE}

    @model_validator(mode="after")
    def _has_a_credential(self) -> IposConfiguration:
        header = self.auth_header and self.auth_value
        login = self.token_url and self.username and self.password
        if not header and not login:
            message = (
                "no credential: set auth_header and auth_value, or token_url, username and password"
            )
            raise ValueError(message)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The location's time zone."""
        return ZoneInfo(self.timezone)
