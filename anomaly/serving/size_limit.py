"""Refuses requests that are too large or come too slowly, however they are sent."""

import asyncio
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SizeLimit:
    """Answers 413 where a request has more bytes than allowed, 408 where it does not end in time.

    A body is read before the application sees it, so that an endless one holds no more memory than
    the limit.

    Args:
        app: The application behind it.
        largest: Bytes of a request at most.
        seconds: For a request to arrive.
    """

    def __init__(self, app: ASGIApp, largest: int, seconds: float = 30.0):
        self._app = app
        self._largest = largest
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the start and end of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                parts = await self._read(receive)
        except TimeoutError:
            words, status = f"the request did not arrive in {self._seconds:g} seconds", 408
            await JSONResponse({"error": words}, status)(scope, receive, send)
            return
        except _TooLargeError:
            words, status = f"a request has at most {self._largest} bytes", 413
            await JSONResponse({"error": words}, status)(scope, receive, send)
            return

        async def again() -> Any:
            return parts.pop(0) if parts else await receive()

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> list[Message]:
        """All of a request's body; of a broken connection what came."""
        parts: list[Message] = []
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._largest:
                raise _TooLargeError
            parts.append(message)
            more = message.get("more_body", False)
        return parts


class _TooLargeError(Exception):
    """The request has more bytes than allowed."""
