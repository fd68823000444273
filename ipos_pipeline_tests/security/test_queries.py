"""SQL and SuiteQL are made of our own words; what comes from outside is bound as a parameter."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import ipos_pipeline
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import DAY
from ipos_pipeline_tests.contract.test_netsuite_client import BARCODE, create, record

PACKAGE = Path(ipos_pipeline.__file__).parent
DOORS = {"text", "literal_column", "exec_driver_sql", "DDL", "suiteql", "_suiteql_page"}
"""Functions that take a query as text"""
MIGRATIONS = PACKAGE / "ledger" / "migrations" / "versions"
"""Nothing from outside reaches them."""
OUR_NAMES = {"_marks", "_name", "_names"}
"""Functions of clients/netsuite.py whose result is question marks, or names that were checked."""

HOSTILE = [
    "'; DROP TABLE posting_entry; --",
    "' OR '1'='1",
    '" OR 1=1 --',
    "%",
    "_____________________________",
    "\\",
    "?",
    ":name",
    "%(name)s",
    "مياه' --",
    "/* */",
]


class Query:
    """One call that takes a query, and the function around it."""

    def __init__(self, file: Path, function: ast.AST, call: ast.Call) -> None:
        self.function = function
        self.argument = call.args[0]
        self.place = f"{file.relative_to(PACKAGE)}:{call.lineno}"

    def is_ours(self, node: ast.AST | None = None) -> bool:
        """Tell whether a text is made of constants and checked names alone."""
        node = node or self.argument
        match node:
            case ast.Constant(value=value):
                return isinstance(value, str)
            case ast.Attribute(attr=name) | ast.Name(id=name) if name.isupper():
                return True
            case ast.Name(id=name):
                parts = [value for target, value in _assigned(self.function) if target == name]
            case ast.Call(func=ast.Name(id=name)):
                return name in OUR_NAMES
            case ast.Call(func=ast.Attribute(value=constants, attr="items" | "values")):
                parts = [constants]
            case ast.Call(func=ast.Attribute(value=template, attr="format")):
                parts = [template, *node.args, *(one.value for one in node.keywords)]
            case _:
                parts = _texts_of(node)
        return bool(parts) and all(map(self.is_ours, parts))


def _texts_of(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return [node.value] if isinstance(node, ast.FormattedValue) else []


def _assigned(function: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give the names of a function, each with what it is given or what it runs through."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((one.id, value) for one in targets if isinstance(one, ast.Name))
            case ast.AugAssign(target=target, value=value) | ast.For(target=target, iter=value):
                names = (one.id for one in ast.walk(target) if isinstance(one, ast.Name))
                yield from ((name, value) for name in names)


def queries_in(source: str, file: Path) -> Iterator[Query]:
    """Find every call of a door in a module; what a door itself passes on was checked before it."""

    def look(node: ast.AST, function: ast.AST) -> Iterator[Query]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node
        is_query = isinstance(node, ast.Call) and _is_door(node)
        if is_query and getattr(function, "name", None) not in DOORS:
            yield Query(file, function, node)
        for child in ast.iter_child_nodes(node):
            yield from look(child, function)

    tree = ast.parse(source)
    return look(tree, tree)


def _is_door(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func
    return (name.id if isinstance(name, ast.Name) else name) in DOORS


def test_no_query_of_the_product_holds_anything_from_outside() -> None:
    found = [
        query
        for file in sorted(PACKAGE.rglob("*.py"))
        if MIGRATIONS not in file.parents
        for query in queries_in(file.read_text(encoding="utf-8"), file)
    ]
    assert {"clients/netsuite.py", "ledger/database.py"} <= {
        one.place.split(":")[0] for one in found
    }
    assert [one.place for one in found if not one.is_ours()] == []


@pytest.mark.parametrize(
    "query",
    [
        'f"SELECT id FROM {table}"',
        '"SELECT id FROM item WHERE upccode = \'" + barcode + "\'"',
        "\"SELECT id FROM item WHERE upccode = '{}'\".format(barcode)",
        '"SELECT id FROM %s" % table',
        "query",
    ],
)
def test_a_query_with_a_value_in_it_would_be_found(query: str) -> None:
    source = f"def look(self, table, barcode, query):\n    return self.suiteql({query}, [])\n"
    (found,) = queries_in(source, PACKAGE / "x.py")
    assert not found.is_ours()


@pytest.mark.parametrize("value", [*HOSTILE, "nul\x00"])
def test_a_hostile_value_finds_nothing_in_netsuite_and_changes_nothing(
    connections: Connections, value: str
) -> None:
    netsuite, wait = connections.netsuite, connections.wait_for
    known = wait(netsuite.items_by_barcode([BARCODE], item_field="upccode"))
    created = create(connections, record(connections))

    assert wait(netsuite.items_by_barcode([value], item_field="upccode")) == []
    assert wait(netsuite.transactions_by_external_id([value])) == {}
    assert wait(netsuite.transactions_by_internal_id([value])) == {}
    assert wait(netsuite.transactions_of_day(value, DAY)) == []
    assert wait(netsuite.inactive_by_id("customer", [value])) == {}
    assert wait(netsuite.sum_of_day(value, DAY)) == (0, Decimal("0.00"))

    both = wait(netsuite.items_by_barcode([BARCODE, value], item_field="upccode"))
    assert both == known != []
    assert list(wait(netsuite.transactions_by_internal_id([created, value]))) == [created]


@pytest.mark.parametrize("name", ["item; --", "item WHERE 1=1", "a b", "", "it'em", "sétup"])
def test_a_name_that_is_none_never_gets_into_a_query(connections: Connections, name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a table or column"):
        connections.wait_for(connections.netsuite.has_row(name, "id"))


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_selection_finds_nothing_in_the_ledger(ledger_url: str, value: str) -> None:
    ledger = LedgerStore.open(ledger_url)
    named = frozenset({value})
    with ledger.read() as rows:
        for selection in (
            Selection(external_ids=named),
            Selection(invoices=named),
            Selection(locations=named),
            Selection(codes=named),
        ):
            assert rows.selecting.errors(selection, ["open"]) == []
        assert rows.selecting.errors_of(value) == []
    ledger.close()
