"""Requests that are too large or too slow end in an answer; others pass as they came."""

import asyncio

from anomaly.serving.size_limit import SizeLimit


def answers(messages, seconds=5.0):
    """What a request of these parts is answered; the application repeats the body."""
    sent, waiting = [], list(messages)

    async def app(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await send({"type": "echo", "body": body})

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    limit = SizeLimit(app, largest=10, seconds=seconds)
    asyncio.run(limit({"type": "http", "method": "POST", "path": "/"}, receive, send))
    return sent


def part(body, more):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_small_request_passes_in_its_parts():
    assert answers([part(b"12345", True), part(b"67890", False)])[0]["body"] == b"1234567890"


def test_a_large_one_is_413_and_one_that_does_not_end_408():
    assert answers([part(b"12345", True), part(b"678901", True)])[0]["status"] == 413
    assert answers([part(b"1", True)], seconds=0.05)[0]["status"] == 408
