"""Where Dagster keeps its own runs and events: SQLite, or PostgreSQL where its URL is set.

`dagster.yaml` cannot choose by itself; it names `StorageByEnvironment`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from ipos_pipeline.ledger.database import database_url
from ipos_pipeline.settings.secret_values import secret_value

POSTGRES_URL = "DAGSTER_POSTGRES_URL"


class StorageByEnvironment(DagsterStorage, ConfigurableClass):
    """Builds Dagster's storage; never an instance itself."""

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """Nothing: the storage that is built has its own."""
        return None

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the environment decides."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override] # Dagster asks for a storage, not for Self
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003 - the environment decides
    ) -> DagsterStorage:
        """Build the storage that `DAGSTER_POSTGRES_URL` and `DAGSTER_HOME` ask for."""
        url = secret_value(os.environ, POSTGRES_URL)
        if url:
            from dagster_postgres import DagsterPostgresStorage  # noqa: PLC0415

            driven = database_url(url.strip()).render_as_string(hide_password=False)
            return DagsterPostgresStorage(
                driven, should_autocreate_tables=True, inst_data=inst_data
            )
        storage = Path(os.environ["DAGSTER_HOME"]) / "storage"
        return DagsterSqliteStorage(str(storage), inst_data)
