"""The active "IPOS Configuration" records, from the YAML file or from NetSuite's custom record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_profile import BUILT_IN_PROFILES, IposProfile
from ipos_pipeline.domain.mapping import FieldMapping
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.yaml_file import load_yaml

RECORD_TYPE = "customrecord_ipos_configuration"
FIELD_PREFIX = "custrecord_ipos_"
BUILT_IN_FIELDS = ("name", "isinactive")


class _ConfigurationFile(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    configurations: list[IposConfiguration]


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    profiles: list[IposProfile]


def read_configuration_file(
    path: Path, *, environment: Mapping[str, str]
) -> list[IposConfiguration]:
    """Read the records of a YAML file. Raises ConfigurationError with file, line and field."""
    return load_yaml(path, _ConfigurationFile, environment=environment).configurations


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


async def read_configuration_records(netsuite: NetSuiteClient) -> list[IposConfiguration]:
    """Read the active custom records. Raises ConfigurationError naming record and field."""
    fields = [name for name in IposConfiguration.model_fields if name not in BUILT_IN_FIELDS]
    columns = [*BUILT_IN_FIELDS, *(FIELD_PREFIX + name for name in fields)]
    rows = await netsuite.custom_records(RECORD_TYPE, columns)
    return [_record(row) for row in rows]


def _record(row: Mapping[str, str]) -> IposConfiguration:
    values: dict[str, Any] = {
        name.removeprefix(FIELD_PREFIX): value for name, value in row.items() if name != "id"
    }
    values.pop("links", None)
    try:
        return IposConfiguration.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{FIELD_PREFIX}{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        )
        message = (
            f"The IPOS Configuration record {row.get('name', 'without name')} (internal ID"
            f" {row.get('id')}) is not valid: {problems}."
        )
        raise ConfigurationError(
            message, recovery="Correct the record in NetSuite; the next run reads it again."
        ) from None


def active_by_location(records: Iterable[IposConfiguration]) -> dict[str, IposConfiguration]:
    """Give the active records by location code. Raises ConfigurationError for a code used twice."""
    active: dict[str, IposConfiguration] = {}
    for record in records:
        if record.isinactive:
            continue
        if record.location_code in active:
            message = f"Two active IPOS Configuration records have location {record.location_code}."
            raise ConfigurationError(message, recovery="Make one of them inactive.")
        active[record.location_code] = record
    return active
