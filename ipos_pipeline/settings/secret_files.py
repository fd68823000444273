"""Secrets that stand in files: `NAME_FILE` names the file that holds `NAME` (ADR 0021).

Only its owner may read such a file, and nobody else may replace it. Kubernetes, Compose and systemd
mount secrets read-only and choose owner and mode themselves (such as root's, 0440 or 0444): what is
mounted read-only is taken as it is. Whoever else can look into that mount can look into the
container.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ipos_pipeline.errors import ConfigurationError

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
_NOT_ONLY_OWNER = stat.S_IRWXG | stat.S_IRWXO


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


def refuse_exposed(path: Path, *, named: str) -> None:
    """Refuse a file with secrets that others may read or replace; `named` tells which file it is.

    Raises ConfigurationError. A file that is not there is left to whoever reads it.
    """
    try:
        folder = path.resolve().parent
        modes = path.stat().st_mode, folder.stat().st_mode
        is_read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return
    if is_read_only:
        return
    if is_shared(modes[0]):
        raise ConfigurationError(
            f"{named} {path} holds a secret, and others than its owner may read or change it"
            f" (mode {stat.S_IMODE(modes[0]):04o}).",
            recovery=f"Type: chmod 600 {path}   In a container: mount it read-only.",
        )
    if is_open_folder(modes[1]):
        raise ConfigurationError(
            f"{named} {path} holds a secret, and anyone may replace it: everyone may write to its"
            f" folder (mode {stat.S_IMODE(modes[1]):04o}).",
            recovery=f"Type: chmod 700 {folder}",
        )


def is_shared(mode: int) -> bool:
    """Tell whether a file's mode lets anybody but its owner in."""
    return bool(mode & _NOT_ONLY_OWNER)


def is_open_folder(mode: int) -> bool:
    """Tell whether everyone may replace the files of a folder; where it is sticky, only owners."""
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
