"""`check-connections` asks for each table that a run reads, so that no permission is forgotten."""

from __future__ import annotations

import re

from ipos_pipeline.steps.checking_locations import REFERENCES
from ipos_pipeline.steps.checking_netsuite import ACCOUNTING_PERIODS, tables
from ipos_pipeline_tests.test_netsuite_project import source_that_speaks_with_netsuite

TABLE_NAMED = re.compile(r"\b(?:FROM|JOIN) ([a-z_]+)\b")


def test_each_table_that_a_query_names_is_asked_for() -> None:
    read = set(TABLE_NAMED.findall(source_that_speaks_with_netsuite()))
    asked_for = {one.name for one in (*tables("upccode"), ACCOUNTING_PERIODS)}
    asked_for |= {one.table for one in REFERENCES}

    assert {"transaction", "item"} <= read
    assert read <= asked_for
