"""Where the pages of the Dagster UI are, as paths below its address."""

from urllib.parse import quote

_GROUPS = ("ipos", "ledger", "netsuite", "reference")
_REPOSITORY = "/locations/__repository__@ipos_pipeline"

GRAPH = "/asset-groups?expanded=" + ",".join(f"global@global:{group}" for group in _GROUPS)
"""All assets and what follows what, every group unfolded."""

RUNS = "/runs"
STORE_DAYS = f"{_REPOSITORY}/jobs/sync_invoices/partitions"


def asset(name: str) -> str:
    """Find what an asset is: its definition, its columns, its newest values."""
    return f"/assets/{name}?view=overview"


def partition(asset: str, key: str) -> str:
    """Find what one store-day of an asset holds."""
    return f"/assets/{asset}?view=partitions&partition={quote(key)}"


def check(asset: str, name: str) -> str:
    """Find how a check of an asset ended the last time."""
    return f"/assets/{asset}?view=checks&checkDetail={name}"
