"""Serving an ASGI application on a real socket, in a thread of this process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulators.faults import AnswerWithheldError, ConnectionDroppedError

START_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 5.0


class _BreakableProtocol(HttpToolsProtocol):
    """HTTP that can end without an answer, which an ASGI application cannot ask for by itself."""

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **settings)
        self._whole_app = self.app
        self.app = self._answer_or_break

    async def _answer_or_break(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._whole_app(scope, receive, send)
        except ConnectionDroppedError:
            self.transport.abort()
        except AnswerWithheldError:
            pass
        else:
            return
        while (await receive())["type"] != "http.disconnect":
            pass


def open_port(host: str, port: int) -> socket.socket:
    """Bind and hold a port (0 is a free one); OSError, naming the port, if it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {host}:{port}: {error.strerror}"
        raise OSError(error.errno, message) from error
    return listener


@contextmanager
def serve(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` while the context lasts and yield its base URL, without a slash at the end.

    Raises OSError if the port is taken, TimeoutError if the server does not come up.
    """
    with open_port(host, port) as listener, serve_socket(app, listener) as base_url:
        yield base_url


@contextmanager
def serve_socket(app: ASGIApp, listener: socket.socket) -> Iterator[str]:
    """Serve `app` on a port that is held already; see `serve`."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=_BreakableProtocol,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        host, port = listener.getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS_MAX)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            message = f"the server did not start within {START_SECONDS_MAX} s"
            raise TimeoutError(message)
        time.sleep(0.005)
