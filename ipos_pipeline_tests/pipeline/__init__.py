"""The pipeline through Dagster, in this process and as real processes."""
