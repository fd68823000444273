"""The commands of a section of docs/operations.md, and a shell that types them."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from ipos_pipeline_tests.repository_text import DOCS

BLOCK = re.compile(r"^```(\S*) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK_SECONDS_MAX = 240
END = "--- the block is done ---"
_BASH = shutil.which("bash") or "/bin/bash"


def blocks(section: str) -> list[tuple[str, str]]:
    """Give the shell blocks of a section, each with the mark that says who types it."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, section
    kinds = {kind for kind, _, _ in BLOCK.findall(found[1])}
    assert kinds == {"bash"}, f"blocks of another kind in {section}: {kinds}"
    return [(mark, body) for _, mark, body in BLOCK.findall(found[1])]


class Shell:
    """One shell that stops at the first command that fails; variables and jobs stay.

    Jobs are controlled as in a shell that a person types into: others make their jobs deaf to
    interrupts, and then Dagster's processes to SIGTERM too.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [_BASH, "-e", "-o", "pipefail"],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        """Begin to type, with jobs under control."""
        self.type("set -m")
        return self

    def __exit__(self, *_error: object) -> None:
        """End the shell and, had a block failed, what it had started."""
        left = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.communicate()

    def type(self, block: str) -> str:
        """Type a block, wait for its end and give what it showed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{block}\necho '{END}'\n")
        self._process.stdin.flush()
        guard = threading.Timer(BLOCK_SECONDS_MAX, self._process.kill)
        guard.start()
        shown = []
        for line in self._process.stdout:
            if line.strip() == END:
                guard.cancel()
                return "".join(shown)
            shown.append(line)
        guard.cancel()
        message = f"The shell stopped in:\n{block}\nIt showed:\n{''.join(shown)}"
        raise AssertionError(message)
