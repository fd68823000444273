"""The environment variables (interfaces.md), read once into one typed value.

Secrets are secret values: they show as stars everywhere but where a request is signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ipos_pipeline.clients.netsuite_auth import JwtAlgorithm
from ipos_pipeline.domain.configuration import HttpUrl
from ipos_pipeline.errors import ConfigurationError

LEDGER_FILE = "ledger.db"
START_DATE = "IPOS_PIPELINE_START_DATE"
FIRST_DAY = date(2026, 1, 1)


def _account_id(value: object) -> object:
    """Refuse what could become another host when it is put into the address."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        message = "must be an account ID such as 1234567 or 1234567_SB1"
        raise ValueError(message)
    return value


class Settings(BaseModel):
    """Every setting; the alias of a field is its environment variable."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    data_dir: Path = Field(default=Path("data"), alias="IPOS_PIPELINE_DATA_DIR")
    ledger_url_given: str | None = Field(default=None, alias="IPOS_PIPELINE_LEDGER_URL", repr=False)
    start_date: date = Field(default=FIRST_DAY, alias=START_DATE)
    look_back_days: int = Field(default=4, ge=0, le=60, alias="IPOS_PIPELINE_LOOK_BACK_DAYS")
    claim_seconds: int = Field(default=600, ge=1, alias="IPOS_PIPELINE_CLAIM_SECONDS")
    configuration_file: Path | None = Field(default=None, alias="IPOS_CONFIGURATION_FILE")
    profile_file: Path | None = Field(default=None, alias="IPOS_PROFILE_FILE")
    mapping_file: Path | None = Field(default=None, alias="NETSUITE_MAPPING_FILE")
    account_id: Annotated[str, BeforeValidator(_account_id)] = Field(alias="NETSUITE_ACCOUNT_ID")
    base_url_given: HttpUrl | None = Field(default=None, alias="NETSUITE_BASE_URL")
    client_id: str = Field(alias="NETSUITE_CLIENT_ID", min_length=1)
    certificate_id: str = Field(alias="NETSUITE_CERTIFICATE_ID", min_length=1)
    private_key: SecretStr | None = Field(default=None, alias="NETSUITE_PRIVATE_KEY")
    private_key_file: Path | None = Field(
        default=None, alias="NETSUITE_PRIVATE_KEY_FILE", validate_default=True
    )
    jwt_algorithm: JwtAlgorithm = Field(default="PS256", alias="NETSUITE_JWT_ALGORITHM")
    concurrency: int = Field(default=4, ge=1, le=140, alias="NETSUITE_CONCURRENCY")
    item_field: str = Field(
        default="upccode",
        alias="NETSUITE_ITEM_FIELD",
        pattern=r"^(upccode|itemid|externalid|custitem_[a-z0-9_]+)$",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; an empty variable counts as not set.

        Raises ConfigurationError that names every missing or wrong variable at once.
        """
        given = {name: value for name, value in environment.items() if value.strip()}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = [
                f"{one['loc'][0] if one['loc'] else 'environment'}: {_said(one['msg'])}"
                for one in error.errors(include_url=False, include_input=False)
            ]
            message = "The environment is not complete: " + "; ".join(problems) + "."
            raise ConfigurationError(
                message, recovery="Set them as .env.example shows, then start again."
            ) from None

    @field_validator("private_key_file")
    @classmethod
    def _has_one_key(cls, path: Path | None, others: ValidationInfo) -> Path | None:
        """Check on the field, not on the model, so that it is told with the other mistakes."""
        if (others.data.get("private_key") is None) == (path is None):
            message = "set one of NETSUITE_PRIVATE_KEY and NETSUITE_PRIVATE_KEY_FILE"
            raise ValueError(message)
        return path

    @property
    def claim_lease(self) -> timedelta:
        """How long a run may leave a document that it has claimed unsettled."""
        return timedelta(seconds=self.claim_seconds)

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger; by default a file beside the data."""
        return self.ledger_url_given or f"sqlite:///{self.data_dir.resolve() / LEDGER_FILE}"

    @property
    def netsuite_base_url(self) -> str:
        """The account's service address (help section_1546938065), without a slash at its end."""
        host = self.account_id.lower().replace("_", "-")
        derived = f"https://{host}.suitetalk.api.netsuite.com"
        return self.base_url_given or derived

    def private_key_pem(self) -> str:
        """Read the private key. Raises ConfigurationError if its file cannot be read."""
        if self.private_key is not None:
            return self.private_key.get_secret_value().replace("\\n", "\n")
        assert self.private_key_file is not None  # noqa: S101 - validated above
        try:
            return self.private_key_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"NETSUITE_PRIVATE_KEY_FILE {self.private_key_file} cannot be read:"
                f" {type(error).__name__}."
            )
            raise ConfigurationError(
                message, recovery="Point it to the PEM file of the integration's private key."
            ) from error


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


def _said(message: str) -> str:
    return "is required" if message == "Field required" else message.removeprefix("Value error, ")
