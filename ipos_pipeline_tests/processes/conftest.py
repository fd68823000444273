"""On which databases the processes work: files, or a PostgreSQL server for ledger and Dagster."""

from collections.abc import Iterator

import pytest

from ipos_pipeline_tests.databases import KINDS, Databases, databases_on


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Empty databases of each kind."""
    with databases_on(request.param) as made:
        yield made
