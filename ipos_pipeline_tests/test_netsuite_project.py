"""The SuiteCloud project gives the code what it asks of NetSuite: records, fields, permissions.

The project cannot be deployed here, so each name in it is compared with the code that uses it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest

from ipos_pipeline.domain.configuration import DATES_FOR_PEOPLE, IposConfiguration
from ipos_pipeline.domain.integration_log import log_fields
from ipos_pipeline.domain.mapping import FieldMapping
from ipos_pipeline.domain.netsuite_record import (
    CASH_SALE,
    NetSuiteLine,
    NetSuiteRecord,
    RecordType,
)
from ipos_pipeline.settings.configuration_records import (
    BUILT_IN_FIELDS,
    FIELD_PREFIX,
    RECORD_TYPE,
    field_ids,
)
from ipos_pipeline.steps.checking_locations import REFERENCES
from ipos_pipeline.steps.checking_netsuite import tables
from ipos_pipeline_tests.repository_text import DOCS, PACKAGE, ROOT, environment_of_example
from simulators.ipos import IposSimulator
from simulators.netsuite import NetSuiteSimulator
from simulators.world import CONFIGURATION, INTEGRATION_LOG, Sales, build_world

PROJECT = ROOT / "deploy" / "netsuite" / "src"
OBJECTS = PROJECT / "Objects"
ROLE = "customrole_ipos_pipeline"
GUIDE = (DOCS / "netsuite_setup.md").read_text(encoding="utf-8")
CUSTOM_RECORDS = {CONFIGURATION, INTEGRATION_LOG}
SCRIPT_ID_LENGTH_MAX = 40

FIELD_TYPES = {
    "text": {"TEXT", "TEXTAREA"},
    "longtext": {"CLOBTEXT"},
    "boolean": {"CHECKBOX"},
    "integer": {"INTEGER"},
    "datetime": {"DATETIMETZ"},
    "reference": {"SELECT"},
    "email": {"EMAIL"},
    "password": {"TEXT"},  # NetSuite's own PASSWORD type never gives a value back
}
NUMBERS_INSTEAD_OF_LISTS = {FIELD_PREFIX + "tax_code"}
"""The list that holds tax codes depends on the account's tax feature."""

FEATURE_OF_LIST = {
    "-2": None,
    "-103": "LOCATIONS",
    "-112": "ACCOUNTING",
    "-117": "SUBSIDIARIES",
    "-122": "MULTICURRENCY",
}
"""Standard record types of list fields, and the feature that each needs (help SDFxml_654195790)."""

PERMISSION_OF_RECORD = {"cashSale": "TRAN_CASHSALE", "cashRefund": "TRAN_CASHRFND"}
PERMISSION_OF_TABLE = {
    "transaction": "TRAN_FIND",
    "transactionline": "TRAN_FIND",
    "item": "LIST_ITEM",
    "customer": "LIST_CUSTJOB",
    "location": "LIST_LOCATION",
    "subsidiary": "LIST_SUBSIDIARY",
    "account": "LIST_ACCOUNT",
    "currency": "LIST_CURRENCY",
    "salestaxitem": "LIST_TAXITEM",
    "accountingperiod": "ADMI_ACCTPERIODS",
}
PERMISSION_OF_REFERENCE = {
    "entity": "LIST_CUSTJOB",
    "location": "LIST_LOCATION",
    "subsidiary": "LIST_SUBSIDIARY",
    "account": "LIST_ACCOUNT",
    "currency": "LIST_CURRENCY",
    "item": "LIST_ITEM",
    "taxCode": "LIST_TAXITEM",
    "price": None,  # a built-in price level
}
SIGNING_IN = {"ADMI_RESTWEBSERVICES", "ADMI_LOGIN_OAUTH2"}

GUIDE_PERMISSION = re.compile(
    r"^\| `(\w+)` \| [^|]+ \| (View|Create|Edit|Full) \| ([^|]+) \|$", re.MULTILINE
)
TABLE_READ = re.compile(r"\bFROM (\w+)")
CUSTOM_RECORD_NAMED = re.compile(r"\bcustomrecord_\w+")


class RememberingAccount(NetSuiteSimulator):
    """Keeps the definitions of custom records: what the simulators took for the real ones."""

    def __init__(self) -> None:
        """Start an empty account."""
        super().__init__()
        self.defined: dict[str, dict[str, str]] = {}

    def define_custom_record(self, script_id: str, fields: Mapping[str, str]) -> None:
        """Define a custom record and remember its fields."""
        self.defined[script_id] = dict(fields)
        super().define_custom_record(script_id, fields)


def xml(path: Path) -> Element:
    return ET.parse(path).getroot()  # noqa: S314 our own files


def text(element: Element, path: str) -> str | None:
    return element.findtext(path)


def fields_of(record_type: str) -> dict[str, Element]:
    elements = xml(OBJECTS / f"{record_type}.xml").iter("customrecordcustomfield")
    return {element.attrib["scriptid"]: element for element in elements}


def role_permissions() -> dict[str, str]:
    """Give the role's level by permission; custom records by their script ID."""
    return {
        str(text(one, "permkey")).removeprefix("[scriptid=").removesuffix("]"): str(
            text(one, "permlevel")
        )
        for one in xml(OBJECTS / f"{ROLE}.xml").iter("permission")
    }


def schema_of(name: str) -> dict[str, Any]:
    """Give the JSON schema of a field of the model, without the null of an optional one."""
    schema: dict[str, Any] = IposConfiguration.model_json_schema()["properties"][name]
    return {**schema, **schema.get("anyOf", [{}])[0]}


def model_fields() -> list[str]:
    return [name for name in IposConfiguration.model_fields if name not in BUILT_IN_FIELDS]


def source_that_speaks_with_netsuite() -> str:
    """Join the modules that do; the ledger's SQL has tables of its own."""
    folders = [PACKAGE / name for name in ("clients", "settings", "steps")]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def tables_read() -> set[str]:
    """Collect the standard tables that SuiteQL is asked for, by name or through a list of them."""
    named = set(TABLE_READ.findall(source_that_speaks_with_netsuite()))
    listed = {one.name for one in tables("upccode")} | {one.table for one in REFERENCES}
    return (named | listed) - CUSTOM_RECORDS


def references_of_a_document() -> set[str]:
    """Collect the fields of a posted document that point at another record."""
    line = NetSuiteLine("2001", Decimal(1), Decimal(1), "amount", "5", "11", None)
    payload = NetSuiteRecord(
        record_type=CASH_SALE,
        external_id="IPOS-DXB01-2026-S-1-CS",
        entity_id="501",
        tran_date=date(2026, 11, 20),
        location_id="11",
        subsidiary_id="2",
        currency_id="1",
        account_id="129",
        memo="",
        lines=(line,),
        total=Decimal(1),
    ).to_payload()
    values = {**payload, **payload["item"]["items"][0]}
    return {name for name, value in values.items() if isinstance(value, dict)}


@pytest.fixture(scope="module")
def simulated_records() -> dict[str, dict[str, str]]:
    account = RememberingAccount()
    nothing = Sales(locations=(), invoices=(), items=())
    build_world(account, IposSimulator(), ipos_base_url="http://ipos.example.com", sales=nothing)
    return account.defined


def test_each_file_is_xml_and_each_object_is_deployed_under_its_script_id() -> None:
    objects = sorted(OBJECTS.glob("*.xml"))
    deployed = [element.text for element in xml(PROJECT / "deploy.xml").iter("path")]
    assert sorted(map(str, deployed)) == [f"~/Objects/{path.name}" for path in objects]
    assert {path.stem for path in objects} == CUSTOM_RECORDS | {ROLE}
    assert all(xml(path).attrib["scriptid"] == path.stem for path in objects)
    assert xml(PROJECT / "manifest.xml").attrib["projecttype"] == "ACCOUNTCUSTOMIZATION"


def test_no_script_id_is_longer_than_netsuite_takes() -> None:
    ids = [path.stem for path in OBJECTS.glob("*.xml")]
    ids += [name for record in CUSTOM_RECORDS for name in fields_of(record)]
    assert [one for one in ids if len(one) > SCRIPT_ID_LENGTH_MAX] == []


def test_the_configuration_record_has_the_fields_of_the_model_and_the_four_dates() -> None:
    """SuiteQL refuses the whole query for one column that does not exist."""
    assert set(fields_of(RECORD_TYPE)) == set(field_ids(FieldMapping()).values())
    assert {FIELD_PREFIX + name for name in DATES_FOR_PEOPLE} < set(fields_of(RECORD_TYPE))
    assert text(xml(OBJECTS / f"{RECORD_TYPE}.xml"), "includename") == "T"


def test_the_integration_log_has_the_fields_that_the_pipeline_writes_and_no_name() -> None:
    """A name that the record includes is mandatory, and one that it lacks is refused."""
    failed_at = datetime(2026, 11, 20, tzinfo=UTC)
    body = log_fields(
        external_id="IPOS-DXB01-2026-S-1-CS",
        location_code="DXB01",
        number="1",
        record_type=CASH_SALE,
        stage="post",
        code="unknown_item",
        message="",
        payload=None,
        attempts=1,
        first_failed_at=failed_at,
        last_failed_at=failed_at,
    )
    assert {"externalId", *fields_of(INTEGRATION_LOG)} == set(body)
    assert text(xml(OBJECTS / f"{INTEGRATION_LOG}.xml"), "includename") == "F"


def test_the_form_asks_for_what_the_model_requires_and_begins_with_its_defaults() -> None:
    for name in model_fields():
        field = fields_of(RECORD_TYPE)[FIELD_PREFIX + name]
        info = IposConfiguration.model_fields[name]
        assert (text(field, "ismandatory") == "T") == info.is_required(), name
        if isinstance(info.default, bool):
            assert (text(field, "defaultchecked") == "T") == info.default, name
        elif isinstance(info.default, str | int):
            assert text(field, "defaultvalue") == (str(info.default) or None), name


def test_the_form_takes_the_numbers_that_the_model_takes() -> None:
    for name in (name for name in model_fields() if schema_of(name).get("type") == "integer"):
        schema, field = schema_of(name), fields_of(RECORD_TYPE)[FIELD_PREFIX + name]
        assert text(field, "fieldtype") == "INTEGER"
        bounds = (schema.get("ge", schema.get("minimum")), schema.get("le", schema.get("maximum")))
        assert (text(field, "minvalue"), text(field, "maxvalue")) == tuple(map(str, bounds)), name


@pytest.mark.parametrize("record_type", [CONFIGURATION, INTEGRATION_LOG])
def test_both_records_are_those_that_everything_is_tested_with(
    record_type: str, simulated_records: Mapping[str, Mapping[str, str]]
) -> None:
    fields = {name: text(one, "fieldtype") for name, one in fields_of(record_type).items()}
    simulated = simulated_records[record_type]
    assert set(fields) == set(simulated)
    other = {
        name: kind
        for name, kind in fields.items()
        if name not in NUMBERS_INSTEAD_OF_LISTS and kind not in FIELD_TYPES[simulated[name]]
    }
    assert other == {}
    assert {fields[name] for name in NUMBERS_INSTEAD_OF_LISTS & set(fields)} <= {"INTEGER"}


def test_each_list_field_has_its_record_type_and_the_manifest_the_feature_behind_it() -> None:
    """Without the feature the column would be missing, and the deployment must say so first."""
    required = {
        element.text
        for element in xml(PROJECT / "manifest.xml").iter("feature")
        if element.attrib["required"] == "true"
    }
    lists = {
        name: text(one, "selectrecordtype")
        for name, one in fields_of(RECORD_TYPE).items()
        if text(one, "fieldtype") == "SELECT"
    }
    assert set(lists.values()) == set(FEATURE_OF_LIST)
    assert {feature for feature in FEATURE_OF_LIST.values() if feature} <= required
    assert {"CUSTOMRECORDS", "OAUTH2"} <= required


def test_a_credential_is_a_text_that_only_the_role_and_administrators_see() -> None:
    """NetSuite obscures a password field for everyone, so the pipeline could not read it."""
    secrets = {name for name in model_fields() if schema_of(name).get("format") == "password"}
    assert secrets
    for name in model_fields():
        field = fields_of(RECORD_TYPE)[FIELD_PREFIX + name]
        access = {
            str(text(one, "role")): (text(one, "accesslevel"), text(one, "searchlevel"))
            for one in field.iter("roleaccess")
        }
        if name in secrets:
            assert text(field, "fieldtype") == "TEXT"
            assert (text(field, "accesslevel"), text(field, "searchlevel")) == ("0", "0")
            assert text(field, "showinlist") is None
            assert access == {f"[scriptid={ROLE}]": ("1", "1"), "ADMINISTRATOR": ("2", "2")}
        else:
            assert access == {}, name


@pytest.mark.parametrize("record_type", [CONFIGURATION, INTEGRATION_LOG])
def test_a_custom_record_is_open_to_the_role_alone_at_the_level_that_the_role_says(
    record_type: str,
) -> None:
    """SDF refuses a level that differs between the two objects (help section_4731154857)."""
    root = xml(OBJECTS / f"{record_type}.xml")
    permissions = [
        (text(one, "permittedrole"), text(one, "permittedlevel"))
        for one in root.iterfind("permissions/permission")
    ]
    assert text(root, "accesstype") == "USEPERMISSIONLIST"
    assert permissions == [(f"[scriptid={ROLE}]", role_permissions()[record_type])]


def test_the_role_opens_what_the_code_asks_for_and_nothing_else() -> None:
    read = tables_read()
    assert read - set(PERMISSION_OF_TABLE) == set(), "say which permission opens the table"
    needed = {PERMISSION_OF_RECORD[name] for name in get_args(RecordType)}
    needed |= {PERMISSION_OF_TABLE[name] for name in read}
    needed |= {key for name in references_of_a_document() if (key := PERMISSION_OF_REFERENCE[name])}
    needed |= SIGNING_IN | {"REPO_ANALYTICS", CONFIGURATION, INTEGRATION_LOG}
    assert set(role_permissions()) == needed


def test_no_module_names_a_custom_record_that_the_project_does_not_bring() -> None:
    assert set(CUSTOM_RECORD_NAMED.findall(source_that_speaks_with_netsuite())) == CUSTOM_RECORDS


def test_the_role_is_no_administrator_and_full_only_where_netsuite_offers_nothing_less() -> None:
    permissions = role_permissions()
    setup = {key: level for key, level in permissions.items() if key.startswith("ADMI")}
    assert setup == {**dict.fromkeys(SIGNING_IN, "FULL"), "ADMI_ACCTPERIODS": "VIEW"}
    deletes = {*PERMISSION_OF_RECORD.values(), INTEGRATION_LOG}
    assert {key for key, level in permissions.items() if level == "FULL"} == SIGNING_IN | deletes
    assert text(xml(OBJECTS / f"{ROLE}.xml"), "coreadminpermission") is None


def test_the_guide_gives_each_permission_with_its_level_and_a_reason() -> None:
    rows = GUIDE_PERMISSION.findall(GUIDE)
    assert {key: level.upper() for key, level, _ in rows} == role_permissions()
    assert all(reason.strip() for _, _, reason in rows)
    assert len(rows) == len(role_permissions())


def test_the_guide_names_each_required_feature() -> None:
    features = [str(one.text) for one in xml(PROJECT / "manifest.xml").iter("feature")]
    assert [name for name in features if f"`{name}`" not in GUIDE] == []


def test_the_guide_names_only_variables_that_exist() -> None:
    named = set(re.findall(r"\b(?:NETSUITE|IPOS)_[A-Z_]+\b", GUIDE))
    assert named
    assert named <= environment_of_example(with_optional=True).keys()
