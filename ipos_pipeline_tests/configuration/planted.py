"""A world in which every secret is a word of its own, and the search for those words.

Belongs here: which settings are secret, by what the settings themselves say; processes that are
watched while they run; every form in which a secret may be written. Not here: what is done with
them (test_planted_secrets.py).
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pandas as pd
from pydantic import BaseModel, SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.settings.environment import LocalSettings, MailSettings, Settings
from ipos_pipeline.settings.netsuite_access import OAuth2Settings, TbaSettings
from ipos_pipeline_tests.pipeline.processes import BIN, ROOT

MARK = "IPOS_TEST_MARK"
"""Stands in the environment of the watched processes, and so of their children."""
SECONDS_MAX = 180
_GROUPS = (Settings, LocalSettings, OAuth2Settings, TbaSettings, MailSettings)
_WITH_PASSWORD = re.compile(r"^#?([A-Z0-9_]+)=\S+://[^/\s]*:[^/\s]*@", re.MULTILINE)


def secret_variables() -> set[str]:
    """List the variables that hold a secret: secret values, and addresses with a password."""
    named = {
        one.alias
        for group in _GROUPS
        for one in group.model_fields.values()
        if "SecretStr" in str(one.annotation) and one.alias
    }
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    return named | set(_WITH_PASSWORD.findall(example))


def secret_record_fields() -> set[str]:
    """List the fields of a configuration record that hold a secret."""
    return secret_fields(IposConfiguration)


def secret_fields(model: type[BaseModel]) -> set[str]:
    """List the fields of a model that hold a secret value."""
    return {
        name
        for name, one in model.model_fields.items()
        if SecretStr.__name__ in str(one.annotation)
    }


def word_for(name: str) -> str:
    """Make up a secret that no other text holds, and that JSON and addresses write differently."""
    return f'{name.lower().replace("_", "-")}+pl4nted/"w0rd"='


def forms_of(secret: str) -> set[str]:
    """Give what a secret looks like where it was written down: plain, escaped, encoded."""
    encoded = {
        base64.b64encode((lead + secret).encode()).decode()[4:-4] for lead in ("", "a", "ab")
    }
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        secret.replace('"', "&#34;"),
        secret.replace('"', "&quot;"),
        secret[: len(secret) * 2 // 3],
        *encoded,
    }


@dataclass
class Echo:
    """A server in front of another one; told to, it answers with everything that it was sent."""

    app: ASGIApp
    status: int = 0
    path_part: str = ""
    sent: set[str] = field(default_factory=set)
    """Every credential that was sent: headers, and the assertions of token requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or repeat it."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        credential = headers.get("authorization", "")
        bearer = credential.removeprefix("Bearer ")
        if bearer and not bearer.startswith("OAuth "):
            self.sent.add(bearer)
        message = await receive()
        body: bytes = message.get("body", b"")
        assertion = re.search(rb"client_assertion=([^&]+)", body)
        if assertion:
            self.sent.add(unquote(assertion[1].decode()))
        if self.status and self.path_part in scope["path"]:
            await self._repeat(headers, body, send)
            return
        given = iter([message])

        async def again() -> Message:
            return next(given, None) or await receive()

        await self.app(scope, again, send)

    async def _repeat(self, headers: Mapping[str, str], body: bytes, send: Send) -> None:
        """Repeat headers and body plainly and as JSON, in the form of NetSuite's refusals too."""
        said = f"{' '.join(headers.values())} {unquote(body.decode())} {'x' * 200}"
        shown = json.dumps(
            {
                "Status": 0,
                "Message": said,
                "o:errorDetails": [
                    {"o:errorCode": "USER_ERROR", "detail": said, "o:errorPath": said}
                ],
            }
        )
        start = {"type": "http.response.start", "status": self.status, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": shown.encode()})


@dataclass
class Watched:
    """What processes have said, and every command line that was seen of them and their children."""

    said: list[str] = field(default_factory=list)
    command_lines: set[bytes] = field(default_factory=set)

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
        """Run a console script to its end and give its exit code."""
        process = subprocess.Popen(
            [str(BIN / arguments[0]), *arguments[1:]],
            env={**environment, MARK: "watched"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with self.looking():
            said, _ = process.communicate(timeout=SECONDS_MAX)
        self.said.append(said)
        return process.returncode

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the list of processes again and again while the context lasts."""
        is_over = threading.Event()

        def look() -> None:
            while not is_over.wait(0.1):
                self.command_lines |= set(_marked_command_lines())

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            is_over.set()
            watcher.join()


def _marked_command_lines() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = MARK.encode() in (process / "environ").read_bytes()
            if is_ours and (line := (process / "cmdline").read_bytes()):  # none: it has just ended
                yield line
        except OSError:
            continue  # it has ended, or is somebody else's


def files_below(*folders: Path) -> Iterator[tuple[str, str]]:
    """Read every file, those of frames also as a table."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                yield f"{path} as a frame", pd.read_parquet(path).to_csv()


def found(kept: Iterable[tuple[str, str]], secrets: Mapping[str, str]) -> list[str]:
    """List in which place which secret stands, in whatever form."""
    forms = [(name, form) for name, secret in secrets.items() for form in forms_of(secret)]
    return sorted(
        {f"{name} in {place}" for place, text in kept for name, form in forms if form in text}
    )
