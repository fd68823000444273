"""What all benchmarks share: the settings that lead the product to simulators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONCURRENCY = 15


def environment_of(simulated: Mapping[str, Any], state: Path) -> dict[str, str]:
    """Point the product's settings to running simulators; its data go below `state`."""
    return {
        "IPOS_PIPELINE_DATA_DIR": str(state),
        "NETSUITE_ACCOUNT_ID": simulated["netsuite_account_id"],
        "NETSUITE_BASE_URL": simulated["netsuite_base_url"],
        "NETSUITE_CLIENT_ID": simulated["client_id"],
        "NETSUITE_CERTIFICATE_ID": simulated["certificate_id"],
        "NETSUITE_PRIVATE_KEY_FILE": simulated["private_key_file"],
        "NETSUITE_JWT_ALGORITHM": simulated["jwt_algorithm"],
        "NETSUITE_CONCURRENCY": str(CONCURRENCY),
        "SMTP_HOST": simulated["smtp_host"],
        "SMTP_PORT": str(simulated["smtp_port"]),
        "SMTP_SECURITY": "none",
        "ERROR_EMAIL_FROM": "ipos-pipeline@example.com",
        "ERROR_EMAIL_TO": "operations@example.com",
    }
