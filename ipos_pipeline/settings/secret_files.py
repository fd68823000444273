"""Files that hold secrets: only their owner may read them, and nobody else may replace them.

Kubernetes, Compose and systemd mount secrets read-only and choose owner and mode themselves (such
as root's, 0440 or 0444): what is mounted read-only is taken as it is. Whoever else can look into
that mount can look into the container.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ipos_pipeline.errors import ConfigurationError

_NOT_ONLY_OWNER = stat.S_IRWXG | stat.S_IRWXO


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
