"""The active "IPOS Configuration" records, from the YAML file or from NetSuite's custom record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import DATES_FOR_PEOPLE, IposConfiguration
from ipos_pipeline.domain.ipos_profile import BUILT_IN_PROFILES, IposProfile
from ipos_pipeline.domain.mapping import FieldMapping
from ipos_pipeline.errors import AuthenticationError, ConfigurationError
from ipos_pipeline.settings.yaml_file import load_yaml

RECORD_TYPE = "customrecord_ipos_configuration"
FIELD_PREFIX = "custrecord_ipos_"
BUILT_IN_FIELDS = ("name", "isinactive")


@dataclass(frozen=True, slots=True)
class ConfigurationRecord:
    """One location's record, and its internal ID where it stands in NetSuite."""

    configuration: IposConfiguration
    internal_id: str | None = None

    def __str__(self) -> str:
        """Name the record for people."""
        name = self.configuration.name or "without name"
        return name if self.internal_id is None else f"{name} (internal ID {self.internal_id})"


class _ConfigurationFile(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    configurations: list[IposConfiguration]


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    profiles: list[IposProfile]


def read_configuration_file(
    path: Path, *, environment: Mapping[str, str]
) -> list[ConfigurationRecord]:
    """Read the records of a YAML file. Raises ConfigurationError with file, line and field."""
    content = load_yaml(path, _ConfigurationFile, environment=environment)
    return [ConfigurationRecord(record) for record in content.configurations]


def read_profiles(path: Path | None, *, environment: Mapping[str, str]) -> dict[str, IposProfile]:
    """Give all known profiles by name; those of the file come on top of the built-in ones."""
    profiles = dict(BUILT_IN_PROFILES)
    if path is not None:
        for profile in load_yaml(path, _ProfileFile, environment=environment).profiles:
            profiles[profile.name] = profile
    return profiles


def read_mapping(path: Path | None, *, environment: Mapping[str, str]) -> FieldMapping:
    """Read the account's own mapping, or the built-in one."""
    return (
        FieldMapping() if path is None else load_yaml(path, FieldMapping, environment=environment)
    )


def field_ids(mapping: FieldMapping) -> dict[str, str]:
    """Give the ID of each custom field that the account's configuration record has, by name."""
    own: dict[str, str | None] = {
        name: FIELD_PREFIX + name
        for name in (*IposConfiguration.model_fields, *DATES_FOR_PEOPLE)
        if name not in BUILT_IN_FIELDS
    }
    own |= mapping.configuration_fields
    return {name: field_id for name, field_id in own.items() if field_id is not None}


async def read_configuration_records(
    netsuite: NetSuiteClient, mapping: FieldMapping
) -> list[ConfigurationRecord]:
    """Read the active custom records. Raises ConfigurationError naming record and field."""
    records, problems = await sort_configuration_records(netsuite, mapping)
    if problems:
        raise problems[0]
    return records


async def sort_configuration_records(
    netsuite: NetSuiteClient, mapping: FieldMapping
) -> tuple[list[ConfigurationRecord], list[ConfigurationError]]:
    """Read the active custom records that are valid, and what is wrong with the others.

    Raises ConfigurationError if none can be read. The dates for people are not read here: SuiteQL
    shows date-times in a form and a zone that are the user's preference (netsuite_facts 6).
    """
    names = {
        field_id: name
        for name, field_id in field_ids(mapping).items()
        if name not in DATES_FOR_PEOPLE
    }
    try:
        rows = await netsuite.custom_records(RECORD_TYPE, [*BUILT_IN_FIELDS, *names])
    except ConfigurationError as error:
        if isinstance(error, AuthenticationError):
            raise
        message = f"The IPOS Configuration records cannot be read: {error.message}"
        raise ConfigurationError(message, recovery=_UNREADABLE) from error
    records: list[ConfigurationRecord] = []
    problems: list[ConfigurationError] = []
    for row in rows:
        try:
            records.append(_record(row, names))
        except ConfigurationError as error:
            problems.append(error)
    return records, problems


_UNREADABLE = (
    "Give the integration's role the permission on this record type. If NetSuite names a field:"
    " write its own ID, or null where there is none, under configuration_fields in the file of"
    " NETSUITE_MAPPING_FILE."
)


def _record(row: Mapping[str, str], names: Mapping[str, str]) -> ConfigurationRecord:
    values: dict[str, Any] = {names.get(key, key): value for key, value in row.items()}
    internal_id = values.pop("id", None)
    values.pop("links", None)
    try:
        return ConfigurationRecord(IposConfiguration.model_validate(values), internal_id)
    except ValidationError as error:
        ids = {name: field_id for field_id, name in names.items()}
        problems = "; ".join(
            _told([ids.get(str(part), str(part)) for part in one["loc"]], one["msg"])
            for one in error.errors(include_url=False, include_input=False)
        )
        message = (
            f"The IPOS Configuration record {row.get('name', 'without name')} (internal ID"
            f" {internal_id}) is not valid: {problems}."
        )
        raise ConfigurationError(
            message, recovery="Correct the record in NetSuite; the next run reads it again."
        ) from None


def _told(path: Sequence[str], message: str) -> str:
    said = message.removeprefix("Value error, ")
    return f"{'.'.join(path)}: {said}" if path else said


def active_records(records: Iterable[ConfigurationRecord]) -> dict[str, ConfigurationRecord]:
    """Give the active records by location code. Raises ConfigurationError for a code used twice."""
    active: dict[str, ConfigurationRecord] = {}
    for record in records:
        if record.configuration.isinactive:
            continue
        code = record.configuration.location_code
        if code in active:
            message = (
                f"Two active IPOS Configuration records have location {code}:"
                f" {active[code]} and {record}."
            )
            raise ConfigurationError(message, recovery="Make one of them inactive.")
        active[code] = record
    return active
