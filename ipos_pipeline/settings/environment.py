"""The environment variables (interfaces.md), read once into one typed value.

Secrets are secret values: they show as stars everywhere but where a request is signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ipos_pipeline.clients.mail import DEFAULT_PORTS, MailSecurity, MailServer
from ipos_pipeline.clients.tls import CA_FILE
from ipos_pipeline.domain.addresses import host_of, is_loopback
from ipos_pipeline.domain.configuration import HttpUrl
from ipos_pipeline.domain.freshness import TradingHours
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.logs import LogFormat, LogLevel
from ipos_pipeline.settings.netsuite_access import OAuth2Settings, TbaSettings
from ipos_pipeline.settings.secret_values import SECRETS, secret_value

LEDGER_FILE = "ledger.db"
START_DATE = "IPOS_PIPELINE_START_DATE"
SMTP_HOST = "SMTP_HOST"
AUTH = "NETSUITE_AUTH"
OAUTH2: Final = "oauth2"
TBA: Final = "tba"
FIRST_DAY = date(2026, 1, 1)


def _account_id(value: object) -> object:
    """Refuse what could become another host when it is put into the address."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        message = "must be an account ID such as 1234567 or 1234567_SB1"
        raise ValueError(message)
    return value


def _without_path(url: str) -> str:
    if urlsplit(url).path:
        message = (
            "must be a server without a path, such as https://1234567.suitetalk.api.netsuite.com"
        )
        raise ValueError(message)
    return url


def _trading_hours(value: object) -> object:
    return TradingHours.of(value) if isinstance(value, str) else value


EmailAddress = Annotated[str, Field(pattern=r"^[!-~]+@[!-~]+$", max_length=254)]
"""One address without a name: no spaces, no line ends, ASCII only."""


class MailSettings(BaseModel):
    """The mail server, and from and to whom error mails go; only where `SMTP_HOST` is set."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    host: str = Field(alias=SMTP_HOST, min_length=1)
    security: MailSecurity = Field(default="starttls", alias="SMTP_SECURITY")
    port_given: int | None = Field(default=None, ge=1, le=65535, alias="SMTP_PORT")
    username: str | None = Field(default=None, alias="SMTP_USERNAME")
    password: SecretStr | None = Field(default=None, alias="SMTP_PASSWORD", validate_default=True)
    error_from: EmailAddress = Field(alias="ERROR_EMAIL_FROM")
    error_to: EmailAddress = Field(alias="ERROR_EMAIL_TO")
    finance_to_given: EmailAddress | None = Field(default=None, alias="FINANCE_EMAIL_TO")
    group_above: int = Field(default=20, ge=1, alias="ERROR_EMAIL_GROUP_ABOVE")

    @field_validator("password")
    @classmethod
    def _belongs_to_a_user(cls, value: SecretStr | None, others: ValidationInfo) -> Any:  # noqa: ANN401
        """Check on the field, not on the model, so that it is told with the other mistakes."""
        if (others.data.get("username") is None) != (value is None):
            message = "set both of SMTP_USERNAME and SMTP_PASSWORD, or neither"
            raise ValueError(message)
        return value

    @property
    def finance_to(self) -> str:
        """To whom the summary of a day goes."""
        return self.finance_to_given or self.error_to

    @property
    def server(self) -> MailServer:
        """The server and the login; without a port, the usual one for its kind of security."""
        return MailServer(
            host=self.host,
            port=self.port_given or DEFAULT_PORTS[self.security],
            security=self.security,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
        )


class _FromEnvironment(BaseModel):
    """A model whose aliases are environment variables."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as not set.

        Raises ConfigurationError that names every missing or wrong variable at once.
        """
        given = _given(environment)
        _refuse_other_encodings(given)
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = [
                f"{_variable(one['loc'])}: {_said(one, given)}"
                for one in error.errors(include_url=False, include_input=False)
            ]
            message = "The environment is not complete: " + "; ".join(problems) + "."
            raise ConfigurationError(
                message, recovery="Set them as .env.example shows, then start again."
            ) from None


class LogSettings(_FromEnvironment):
    """What is logged on standard error, and how; without `log` it depends on the process."""

    log: LogFormat | None = Field(default=None, alias="IPOS_PIPELINE_LOG")
    log_level: LogLevel = Field(default="info", alias="IPOS_PIPELINE_LOG_LEVEL")


class LocalSettings(LogSettings):
    """What is needed without NetSuite: where the data are, and the mail server."""

    data_dir: Path = Field(default=Path("data"), alias="IPOS_PIPELINE_DATA_DIR")
    ledger_url_given: str | None = Field(default=None, alias="IPOS_PIPELINE_LEDGER_URL", repr=False)
    ca_file: Path | None = Field(default=None, alias=CA_FILE)
    mail: MailSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_groups(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Hand the variables to each group that is in use; it takes its own."""
        return {**given, **cls._groups(given)}

    @classmethod
    def _groups(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"mail": given if SMTP_HOST in given else None}

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger; by default a file beside the data."""
        return self.ledger_url_given or f"sqlite:///{self.data_dir.resolve() / LEDGER_FILE}"


class WatchSettings(LocalSettings):
    """What is needed beside it to watch what runs do; still nothing that signs in."""

    concurrency: int = Field(default=4, ge=1, le=140, alias="NETSUITE_CONCURRENCY")
    claim_seconds: int = Field(default=600, ge=1, alias="IPOS_PIPELINE_CLAIM_SECONDS")
    certificate_file: Path | None = Field(default=None, alias="NETSUITE_CERTIFICATE_FILE")

    @property
    def claim_lease(self) -> timedelta:
        """How long a run may leave a document that it has claimed unsettled."""
        return timedelta(seconds=self.claim_seconds)


class Settings(WatchSettings):
    """Every setting; the alias of a field is its environment variable.

    Of `oauth2` and `tba` the one that `NETSUITE_AUTH` names is there.
    """

    start_date: date = Field(default=FIRST_DAY, alias=START_DATE)
    look_back_days: int = Field(default=4, ge=0, le=60, alias="IPOS_PIPELINE_LOOK_BACK_DAYS")
    trading_hours: Annotated[TradingHours, BeforeValidator(_trading_hours)] = Field(
        default=TradingHours.of("08:00-24:00"), alias="IPOS_PIPELINE_TRADING_HOURS"
    )
    group_above: int = Field(default=20, ge=1, alias="IPOS_PIPELINE_GROUP_ABOVE")
    group_size: int = Field(default=100, ge=1, alias="IPOS_PIPELINE_GROUP_SIZE")
    run_retention_days: int = Field(default=90, ge=7, alias="IPOS_PIPELINE_RUN_RETENTION_DAYS")
    configuration_file: Path | None = Field(default=None, alias="IPOS_CONFIGURATION_FILE")
    profile_file: Path | None = Field(default=None, alias="IPOS_PROFILE_FILE")
    mapping_file: Path | None = Field(default=None, alias="NETSUITE_MAPPING_FILE")
    account_id: Annotated[str, BeforeValidator(_account_id)] = Field(alias="NETSUITE_ACCOUNT_ID")
    base_url_given: Annotated[HttpUrl, AfterValidator(_without_path)] | None = Field(
        default=None, alias="NETSUITE_BASE_URL"
    )
    auth: Literal["oauth2", "tba"] = Field(default=OAUTH2, alias=AUTH)
    oauth2: OAuth2Settings | None = None
    tba: TbaSettings | None = None
    item_field: str = Field(
        default="upccode",
        alias="NETSUITE_ITEM_FIELD",
        pattern=r"^(upccode|itemid|externalid|custitem_[a-z0-9_]+)$",
    )

    @classmethod
    def _groups(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        auth = given.get(AUTH, OAUTH2)
        access = {name: given if auth == name else None for name in (OAUTH2, TBA)}
        return {**super()._groups(given), **access}

    @property
    def netsuite_base_url(self) -> str:
        """Where requests go, without a slash at its end."""
        return self.base_url_given or self._account_url

    @property
    def _account_url(self) -> str:
        """The account's service address (help section_1546938065)."""
        host = self.account_id.lower().replace("_", "-")
        return f"https://{host}.suitetalk.api.netsuite.com"

    @property
    def foreign_netsuite_host(self) -> str | None:
        """The host of NETSUITE_BASE_URL, if it is neither the account's nor this machine."""
        host = host_of(self.netsuite_base_url)
        is_known = is_loopback(host) or host == host_of(self._account_url)
        return None if is_known else host


def _refuse_other_encodings(given: Mapping[str, object]) -> None:
    """Python hands over bytes that are no UTF-8 as halves of characters, which nothing can send."""
    read = {variable for _, variable in _variables() if variable}
    wrong = sorted(name for name in read if not _is_utf8(str(given.get(name, ""))))
    if wrong:
        message = f"The environment is not complete: {', '.join(wrong)} must be text in UTF-8."
        raise ConfigurationError(
            message, recovery="Set it as .env.example shows, then start again."
        )


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def first_day(environment: Mapping[str, str]) -> date:
    """Read the first day of the daily partitions, which Dagster must know before any run.

    Raises ConfigurationError if it is not a date.
    """
    given = environment.get(START_DATE, "").strip()
    try:
        return date.fromisoformat(given) if given else FIRST_DAY
    except ValueError:
        message = f"{START_DATE} is {given!r}, not a date such as {FIRST_DAY}."
        raise ConfigurationError(message) from None


def _variable(location: Sequence[int | str]) -> str:
    """Name the variable of a mistake; a default that is refused is told by its field's name."""
    name = str(location[-1]) if location else "environment"
    return dict(_variables()).get(name) or name


def _variables() -> Iterator[tuple[str, str | None]]:
    """Give each field's name with its variable."""
    for group in (Settings, OAuth2Settings, TbaSettings, MailSettings):
        for name, one in group.model_fields.items():
            yield name, one.alias


def _given(environment: Mapping[str, str]) -> dict[str, Any]:
    """Pick what is set; a secret whose file cannot be used is its error, which no setting takes.

    So it is told with the other mistakes, and only where that secret is needed.
    """
    given: dict[str, Any] = {name: value for name, value in environment.items() if value.strip()}
    for name in SECRETS:
        try:
            secret = secret_value(environment, name)
        except ConfigurationError as error:
            given[name] = error
        else:
            given |= {} if secret is None else {name: secret}
    return given


def _said(mistake: ErrorDetails, given: Mapping[str, Any]) -> str:
    """Say what is wrong with a variable, for which nothing or an unusable file may be given."""
    unusable = given.get(_variable(mistake["loc"]))
    if isinstance(unusable, ConfigurationError):
        return unusable.message
    message = mistake["msg"]
    return "is required" if message == "Field required" else message.removeprefix("Value error, ")
