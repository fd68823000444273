"""The active "IPOS Configuration" records, from the YAML file or from NetSuite's custom record.

A record that cannot be used is a problem of its own location: it holds up no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import (
    CONFIGURATION,
    DATES_FOR_PEOPLE,
    SECRET_FIELDS,
    IposConfiguration,
)
from ipos_pipeline.domain.ipos_profile import BUILT_IN_PROFILES, IposProfile
from ipos_pipeline.domain.mapping import FieldMapping
from ipos_pipeline.domain.plain_text import is_storable, one_line
from ipos_pipeline.errors import AuthenticationError, ConfigurationError
from ipos_pipeline.settings.yaml_file import load_yaml

RECORD_TYPE = "customrecord_ipos_configuration"
FIELD_PREFIX = "custrecord_ipos_"
BUILT_IN_FIELDS = ("name", "isinactive")

CODE_MAX = 100
"""Characters of a location code in the name of a system; the code may be what is wrong."""


@dataclass(frozen=True, slots=True)
class ConfigurationRecord:
    """One location's record, and its internal ID where it stands in NetSuite."""

    configuration: IposConfiguration
    internal_id: str | None = None

    def __str__(self) -> str:
        """Name the record for people."""
        return _title(self.configuration.name, self.internal_id)

    @property
    def location_code(self) -> str:
        """Whose record it is."""
        return self.configuration.location_code


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """Why a record, or all records with one location code, cannot be used; `title` names them.

    `location_code` is None where the record itself does not say whose it is. The error's `system`
    is the same at every look.
    """

    title: str
    location_code: str | None
    error: ConfigurationError

    def __str__(self) -> str:
        """Name the record for people."""
        return self.title


@dataclass(frozen=True, slots=True)
class ConfigurationRecords:
    """All active records as one look found them: those to work with by location code."""

    usable: Mapping[str, ConfigurationRecord]
    problems: tuple[RecordProblem, ...]

    def of(self, location_code: str) -> ConfigurationRecord:
        """Give one location's record. Raises ConfigurationError if it cannot be used, or is not."""
        if location_code in self.usable:
            return self.usable[location_code]
        for problem in self.problems:
            if problem.location_code == location_code:
                raise problem.error
        message = (
            f"Location {location_code!r} has no active IPOS Configuration record;"
            f" active locations are {', '.join(sorted(self.usable)) or 'none'}."
        )
        raise ConfigurationError(
            message, recovery="Correct the location in the partition key, or its record."
        )

    def unsure_of(self, location_codes: AbstractSet[str]) -> AbstractSet[str]:
        """Pick the locations whose record is there but cannot be used.

        A record without a location code may be that of any location that has no other.
        """
        named = {one.location_code for one in self.problems}
        return location_codes - self.usable.keys() if None in named else location_codes & named


class _ConfigurationFile(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    configurations: list[IposConfiguration]


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    profiles: list[IposProfile]


def read_configuration_file(
    path: Path, *, environment: Mapping[str, str]
) -> list[ConfigurationRecord]:
    """Read the active records of a YAML file, which is refused as a whole if any is not valid.

    Raises ConfigurationError with file, line and field, or if it shows a credential to others.
    """
    content = load_yaml(path, _ConfigurationFile, environment=environment, secrets=SECRET_FIELDS)
    return [ConfigurationRecord(one) for one in content.configurations if not one.isinactive]


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
) -> list[ConfigurationRecord | RecordProblem]:
    """Read the active custom records, or what is wrong with them by record and field.

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
    return [_record(row, names) for row in rows]


_UNREADABLE = (
    "Give the integration's role the permission on this record type. If NetSuite names a field:"
    " write its own ID, or null where there is none, under configuration_fields in the file of"
    " NETSUITE_MAPPING_FILE."
)


def sort_records(
    read: Iterable[ConfigurationRecord | RecordProblem], *, profiles: Collection[str]
) -> ConfigurationRecords:
    """Tell the records that can be used from those that cannot.

    A code that is used twice is a problem of all its records, valid or not: nobody but a person
    knows which of them is meant.
    """
    checked = [_with_known_profile(one, profiles) for one in read]
    by_code: dict[str, list[ConfigurationRecord | RecordProblem]] = {}
    for one in checked:
        if one.location_code is not None:
            by_code.setdefault(one.location_code, []).append(one)
    single = (same[0] for same in by_code.values() if len(same) == 1)
    usable = {one.location_code: one for one in single if isinstance(one, ConfigurationRecord)}
    twice = [_code_used_twice(code, same) for code, same in by_code.items() if len(same) > 1]
    invalid = [one for one in checked if isinstance(one, RecordProblem)]
    return ConfigurationRecords(usable, (*twice, *invalid))


def _record(
    row: Mapping[str, str], names: Mapping[str, str]
) -> ConfigurationRecord | RecordProblem:
    values: dict[str, Any] = {names.get(key, key): value for key, value in row.items()}
    internal_id = values.pop("id", None)
    values.pop("links", None)
    try:
        return ConfigurationRecord(IposConfiguration.model_validate(values), internal_id)
    except ValidationError as error:
        ids = {name: field_id for field_id, name in names.items()}
        told = "; ".join(
            _told([ids.get(str(part), str(part)) for part in one["loc"]], one["msg"])
            for one in error.errors(include_url=False, include_input=False)
        )
        title = _title(values.get("name"), internal_id)
        code = values.get("location_code") or ""
        return _not_valid(title, code if is_storable(code) else None, internal_id, told)


NAME_MAX = 100
"""Characters of a record's name in a message."""


def _title(name: str | None, internal_id: str | None) -> str:
    shown = one_line(name, NAME_MAX) if name else "without name"
    return shown if internal_id is None else f"{shown} (internal ID {internal_id})"


def _told(path: Sequence[str], message: str) -> str:
    said = message.removeprefix("Value error, ")
    return f"{'.'.join(path)}: {said}" if path else said


def _with_known_profile(
    one: ConfigurationRecord | RecordProblem, profiles: Collection[str]
) -> ConfigurationRecord | RecordProblem:
    if isinstance(one, RecordProblem) or one.configuration.profile in profiles:
        return one
    told = f"the profile {one.configuration.profile!r} is not one of {', '.join(sorted(profiles))}"
    return _not_valid(str(one), one.location_code, one.internal_id, told)


def _not_valid(
    title: str, location_code: str | None, internal_id: str | None, told: str
) -> RecordProblem:
    of_location = f" of location {location_code}" if location_code else ""
    place = "NetSuite" if internal_id else "its file"
    error = ConfigurationError(
        f"The IPOS Configuration record {title}{of_location} is not valid: {told}.",
        recovery=f"Correct the record in {place}, or make it inactive; the next run reads it again."
        " Other locations go on meanwhile.",
    )
    error.system = _system(location_code, internal_id)
    return RecordProblem(title, location_code or None, error)


def _code_used_twice(
    code: str, same: Collection[ConfigurationRecord | RecordProblem]
) -> RecordProblem:
    title = " and ".join(map(str, same))
    error = ConfigurationError(
        f"{len(same)} active IPOS Configuration records have location {code}: {title}.",
        recovery="Make all but one of them inactive. Other locations go on meanwhile.",
    )
    error.system = _system(code, None)
    return RecordProblem(title, code, error)


def _system(location_code: str | None, internal_id: str | None) -> str:
    """Name a record, or by its code alone all records of a location, in outages."""
    code = one_line(location_code or "", CODE_MAX)
    record = f"record {internal_id}" if internal_id else ""
    named = f"{code} ({record})" if code and record else code or record
    return f"{CONFIGURATION} {named}"
