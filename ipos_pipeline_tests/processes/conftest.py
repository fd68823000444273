"""On which databases the processes work: files, or a PostgreSQL server for ledger and Dagster."""

import pytest

from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.processes.shop import Databases


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Empty databases; Dagster's URL is in the form of the example environment."""
    if request.param == "sqlite":
        return Databases()
    server: PostgresServer = request.getfixturevalue("postgres_server")
    plain = server.new_database().replace("postgresql+psycopg2:", "postgresql:")
    return Databases(server.new_database(), plain)
