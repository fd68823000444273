"""The tables that SuiteQL shows, as SQLite views over the account's database.

Dates are BLOBs in these views: they sort, and the result writer can tell a raw date from a text.
A column `x$df` holds what BUILTIN.DF(x) shows. Money is two-place REAL; results are rounded.
Signs on lines are the general ledger's, so lines sold are negative (general knowledge, no source).
Assumptions, all general knowledge: the sale's location and subsidiary are on `transactionline`
(the main line too), not on `transaction`; tax is one more line with `taxline` T and no item;
`salestaxitem.rate` is a fraction. Not imitated: all other tables and columns.
"""

from collections.abc import Mapping, Sequence

from simulators.netsuite_database import Database
from simulators.netsuite_periods import PERIODS_VIEW

_LIST_COLUMNS = {
    "customer": "name AS entityid, name AS companyname, name AS altname, {subsidiary}",
    "location": "name, name AS fullname, {subsidiary}",
    "subsidiary": "name, name AS fullname",
    "currency": "name, json_extract(fields, '$.symbol') AS symbol",
    "account": "name AS fullname, name AS accountsearchdisplayname",
    "salestaxitem": "name, name AS itemid, CAST(json_extract(fields, '$.rate') AS REAL) AS rate",
}
_SUBSIDIARY = "CAST(json_extract(fields, '$.subsidiary') AS INTEGER) AS subsidiary"
_UNINDEXED = "SELECT id FROM ns_unindexed"
_IS_SALE = "record_type = 'cashSale'"
_STATUS_NAMES = (
    f"CASE WHEN {_IS_SALE} THEN CASE status WHEN 'C' THEN 'Cash Sale : Deposited'"
    " ELSE 'Cash Sale : Not Deposited' END ELSE 'Cash Refund' END"
)
# One row per document for the account, one per line sold, one for the tax. The casts give each
# column one affinity over the three, so that '5' and 5 compare alike.
_LINE_PARTS = """
    SELECT {head}, 0 AS linesequencenumber, 'T' AS mainline, 'F' AS taxline,
        CAST(NULL AS INTEGER) AS item, CAST(NULL AS REAL) AS quantity, CAST(NULL AS REAL) AS rate,
        CAST({sign} * t.total_cents / 100.0 AS REAL) AS netamount, t.memo AS memo,
        CAST(t.location AS INTEGER) AS location, CAST(t.account AS INTEGER) AS expenseaccount,
        CAST(NULL AS INTEGER) AS taxcode {no_custom}
    FROM ns_transaction t
    UNION ALL
    SELECT {head}, l.line, 'F', 'F',
        CAST(l.item AS INTEGER), CAST(-({sign}) * l.quantity AS REAL),
        CAST(l.amount_cents / 100.0 / l.quantity AS REAL),
        CAST(-({sign}) * l.amount_cents / 100.0 AS REAL), json_extract(l.fields, '$.description'),
        CAST(l.location AS INTEGER), CAST(NULL AS INTEGER),
        CAST(json_extract(l.fields, '$.taxCode') AS INTEGER) {custom}
    FROM ns_line l JOIN ns_transaction t ON t.id = l.transaction_id
    UNION ALL
    SELECT {head}, (SELECT MAX(line) + 1 FROM ns_line WHERE transaction_id = t.id), 'F', 'T',
        CAST(NULL AS INTEGER), CAST(NULL AS REAL), CAST(NULL AS REAL),
        CAST(-({sign}) * t.tax_cents / 100.0 AS REAL), NULL,
        CAST(t.location AS INTEGER), CAST(NULL AS INTEGER), CAST(NULL AS INTEGER) {no_custom}
    FROM ns_transaction t WHERE t.tax_cents <> 0
"""


def create_views(
    database: Database,
    *,
    item_fields: Sequence[str],
    custom_fields: tuple[Sequence[str], Sequence[str]],
    custom_records: Mapping[str, Mapping[str, str]],
) -> None:
    """Make the views anew for the fields that exist now."""
    body_fields, line_fields = custom_fields
    views = {
        "transaction": _transaction_view(body_fields),
        "transactionline": _line_view(line_fields),
        "item": _item_view(item_fields),
        "accountingperiod": PERIODS_VIEW,
        **{kind: _list_view(kind, columns) for kind, columns in _LIST_COLUMNS.items()},
        **{script_id: _custom_view(script_id, f) for script_id, f in custom_records.items()},
    }
    with database.transaction() as connection:
        for name, select in views.items():
            connection.execute(f"DROP VIEW IF EXISTS [{name}]")
            connection.execute(f"CREATE VIEW [{name}] AS {select}")


def _transaction_view(custom_fields: Sequence[str]) -> str:
    custom = "".join(f", {_json_column(name)}" for name in custom_fields)
    return f"""
        SELECT id, externalid, CASE WHEN {_IS_SALE} THEN 'CashSale' ELSE 'CashRfnd' END AS type,
            CASE WHEN {_IS_SALE} THEN 'Cash Sale' ELSE 'Cash Refund' END AS [type$df],
            tranid, CAST(trandate AS BLOB) AS trandate, status, {_STATUS_NAMES} AS [status$df],
            entity, {_list_name("customer", "entity")}, currency,
            {_list_name("currency", "currency")}, memo,
            json_extract(fields, '$.otherRefNum') AS otherrefnum, 'T' AS posting, 'F' AS voided,
            CAST(CASE WHEN {_IS_SALE} THEN 1 ELSE -1 END * total_cents / 100.0 AS REAL)
                AS foreigntotal,
            CAST(created_at AS BLOB) AS createddate,
            CAST(modified_at AS BLOB) AS lastmodifieddate {custom}
        FROM ns_transaction WHERE id NOT IN ({_UNINDEXED})
    """


def _line_view(custom_fields: Sequence[str]) -> str:
    parts = _LINE_PARTS.format(
        head="t.id AS [transaction], t.subsidiary AS subsidiary",
        sign=f"CASE WHEN t.{_IS_SALE} THEN 1 ELSE -1 END",
        custom="".join(f", {_json_column(name, 'l.fields')}" for name in custom_fields),
        no_custom="".join(f", NULL AS [{name}]" for name in custom_fields),
    )
    return f"""
        SELECT *, linesequencenumber AS id, netamount AS foreignamount,
            {_list_name("item", "item")}, {_list_name("location", "location")},
            {_list_name("subsidiary", "subsidiary")}
        FROM ({parts}) WHERE [transaction] NOT IN ({_UNINDEXED})
    """


def _item_view(custom_fields: Sequence[str]) -> str:
    names = ("displayname", "upccode", "itemtype", *custom_fields)
    columns = ", ".join(_json_column(name) for name in names)
    return (
        f"SELECT id, name AS itemid, externalid, isinactive, {columns}"
        " FROM ns_list WHERE kind = 'item'"
    )


def _list_view(kind: str, columns: str) -> str:
    own = columns.format(subsidiary=_SUBSIDIARY)
    return f"SELECT id, {own}, externalid, isinactive FROM ns_list WHERE kind = '{kind}'"


def _custom_view(script_id: str, fields: Mapping[str, str]) -> str:
    columns = "".join(f", {_typed_column(name, kind)}" for name, kind in fields.items())
    return (
        "SELECT id, name, externalid, isinactive,"
        f" CAST(modified_at AS BLOB) AS lastmodified {columns}"
        f" FROM ns_custom WHERE script_id = '{script_id}'"
    )


def _list_name(kind: str, column: str) -> str:
    return (
        f"(SELECT name FROM ns_list WHERE kind = '{kind}' AND ns_list.id = {column})"
        f" AS [{column}$df]"
    )


def _json_column(name: str, source: str = "fields") -> str:
    return f"""CAST(json_extract({source}, '$."{name}"') AS TEXT) AS [{name.lower()}]"""


def _typed_column(name: str, kind: str) -> str:
    value = f"""json_extract(fields, '$."{name}"')"""
    forms = {
        "boolean": f"CASE WHEN {value} THEN 'T' ELSE 'F' END",
        "datetime": f"CAST({value} AS BLOB)",
        "integer": f"CAST({value} AS INTEGER)",
        "reference": f"CAST({value} AS INTEGER)",
    }
    return f"{forms.get(kind, f'CAST({value} AS TEXT)')} AS [{name.lower()}]"
