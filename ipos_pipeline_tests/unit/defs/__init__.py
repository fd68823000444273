"""Pure parts of the Dagster definitions."""
