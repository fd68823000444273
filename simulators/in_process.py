"""Simulators without sockets: a client's transport that calls their applications directly.

Does not imitate: connecting, time-outs while data flows, limits of connections. A call that is
never answered fails at once with the client's time-out, so that nothing waits.
"""

from collections.abc import Mapping

import httpx2
from starlette.types import ASGIApp

from simulators.faults import AnswerWithheldError, ConnectionDroppedError


class InProcessTransport(httpx2.AsyncBaseTransport):
    """Routes each request to the application of its host; any other host cannot be reached.

    Raises what a client of the real system sees: ReadError for a connection that was dropped,
    ReadTimeout for an answer that does not come, ConnectError for an unknown host.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        """Take the applications by base URL, of which only the host counts."""
        self._transports = {
            httpx2.URL(url).host: httpx2.ASGITransport(app=app) for url, app in apps.items()
        }

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on."""
        transport = self._transports.get(request.url.host)
        if transport is None:
            message = f"no simulator answers for {request.url.host}"
            raise httpx2.ConnectError(message, request=request)
        try:
            return await transport.handle_async_request(request)
        except ConnectionDroppedError as error:
            message = "the connection was closed without an answer"
            raise httpx2.ReadError(message, request=request) from error
        except AnswerWithheldError as error:
            message = "no answer came in time"
            raise httpx2.ReadTimeout(message, request=request) from error
