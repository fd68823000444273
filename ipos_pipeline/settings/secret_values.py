"""Secrets that stand in a file: `NAME_FILE` names the file that holds `NAME` (ADR 0021)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.secret_files import refuse_exposed

SECRETS = (
    "DAGSTER_POSTGRES_URL",
    "IPOS_PIPELINE_LEDGER_URL",
    "NETSUITE_CONSUMER_KEY",
    "NETSUITE_CONSUMER_SECRET",
    "NETSUITE_TOKEN_ID",
    "NETSUITE_TOKEN_SECRET",
    "SMTP_PASSWORD",
)
"""The settings that hold a secret, but for the private key, whose file is a setting of its own."""

_SUFFIX = "_FILE"
_MEND = "Point it to a file that this user may read and that holds the secret alone."


def secret_value(environment: Mapping[str, str], name: str) -> str | None:
    """Read a secret from its variable or from its file; None if neither is set.

    Line ends at the end of a file do not belong to the secret. Raises ConfigurationError if both
    are set, or if the file cannot be read, is empty or may be read by others; never with a value.
    """
    given = environment.get(name, "")
    file = environment.get(name + _SUFFIX, "").strip()
    if not file:
        return given if given.strip() else None
    if given.strip():
        message = f"{name} and {name}{_SUFFIX} are both set"
        raise ConfigurationError(message, recovery="Keep one of the two.")
    refuse_exposed(Path(file), named=name + _SUFFIX)
    try:
        text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        message = f"{name}{_SUFFIX} {file} cannot be read: {why}"
        raise ConfigurationError(message, recovery=_MEND) from None
    if not text.strip():
        message = f"{name}{_SUFFIX} {file} is empty"
        raise ConfigurationError(message, recovery=_MEND)
    return text
