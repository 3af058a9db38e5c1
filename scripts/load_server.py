r"""Loads a served run and sends it malformed requests; says what it answered, and how fast.

python -m anomaly.serve runs/fraud --port=8000 &
python scripts/load_server.py http://127.0.0.1:8000 --seconds=30 --rate=200
python scripts/load_server.py http://127.0.0.1:8000 --malformed=10000

Requests go out at the given rate whether or not earlier ones are answered. Rows are drawn around
0, pictures are noise: the server takes them as any others.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.errors import InputError

THREADS = 32


class Server:
    """Requests to one server; each thread keeps a connection.

    Args:
        address: Such as http://127.0.0.1:8000.

    Raises:
        InputError: Nobody serves a run there.
    """

    def __init__(self, address: str):
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        try:
            status, body = self.send("GET", "/openapi.json")
        except OSError as error:
            raise InputError(f"{address} does not answer: {error}") from error
        if status != 200:
            raise InputError(f"{address} answers {status}; is it anomaly.serve?")
        self.name = json.loads(body)["info"]["title"].removeprefix("Anomaly scores of ")
        described = json.loads(self.send("GET", f"/v2/models/{self.name}")[1])
        self.inputs: list[dict[str, Any]] = described["inputs"]

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
            self._local.connection = connection
            self._connections.append(connection)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
        except http.client.RemoteDisconnected:  # it was idle for long: once more on a new one
            connection.close()
            connection.request(method, path, body)
            answer = connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        """Closes the connections of all threads."""
        for connection in self._connections:
            connection.close()

    def example(self, rng: np.random.Generator) -> bytes:
        """A body for /score with one made-up row or picture."""
        if self.inputs[0]["name"] == "images":
            shape = self.inputs[0]["shape"][1:]
            return json.dumps({"images": [rng.integers(0, 256, shape).tolist()]}).encode()
        row = {
            each["name"]: "" if each["datatype"] == "BYTES" else float(rng.normal())
            for each in self.inputs
        }
        return json.dumps(row).encode()


def load(server: Server, rate: float, seconds: float) -> str:
    """Sends one example per request at a steady rate; latencies count from when each was due."""
    rng = np.random.default_rng(0)
    bodies = [server.example(rng) for _ in range(100)]
    started = time.perf_counter() + 0.1

    def ask(number: int) -> tuple[int, float]:
        due = started + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        status, _ = server.send("POST", "/score", bodies[number % len(bodies)])
        return status, time.perf_counter() - due

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(int(rate * seconds))))
    latencies = np.array([latency for _, latency in answers])
    took = time.perf_counter() - started
    p50, p99 = np.percentile(1000 * latencies, [50, 99])
    statuses = dict(Counter(status for status, _ in answers))
    return (
        f"{len(answers) / took:.0f} requests/s of one example, p50 {p50:.0f} ms, p99 {p99:.0f} ms,"
        f" answers {statuses}"
    )


def malformed_bodies(server: Server, count: int) -> Iterator[tuple[str, bytes]]:
    """Paths and bodies that no server should take: cut, flipped, nested, of wrong types."""
    rng = np.random.default_rng(0)
    whole = server.example(rng)
    infer = f"/v2/models/{server.name}/infer"
    makers: list[Callable[[], bytes]] = [
        lambda: whole[: rng.integers(0, len(whole))],
        lambda: rng.bytes(int(rng.integers(0, 2000))),
        lambda: b"[" * int(rng.integers(1, 20000)),
        lambda: json.dumps({"inputs": rng.integers(0, 9, 3).tolist()}).encode(),
        lambda: json.dumps([[None, {}, "x", 1e999][int(rng.integers(4))]]).encode(),
        lambda: json.dumps({"images": [[[int(rng.integers(-999, 999))]]], "rows": [1]}).encode(),
    ]
    for number in range(count):
        yield ("/score", infer, "/score/pictures")[number % 3], makers[number % len(makers)]()


def attack(server: Server, count: int) -> str:
    """Sends malformed requests; each must be refused in a sentence, and the server live on."""

    def ask(request: tuple[str, bytes]) -> tuple[int, bool]:
        status, body = server.send("POST", *request)
        return status, b"Traceback" not in body and b'"error"' in body

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, malformed_bodies(server, count)))
    statuses = Counter(status for status, _ in answers)
    bad = sum(not is_told for status, is_told in answers if status != 200)
    live = server.send("GET", "/v2/health/ready")[0] == 200
    words = f"{len(answers)} malformed requests: answers {dict(statuses)}, {bad} without a sentence"
    return f"{words}, the server is {'ready' if live else 'NOT READY'}"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="such as http://127.0.0.1:8000")
    parser.add_argument("--rate", type=float, default=50, help="requests per second")
    parser.add_argument("--seconds", type=float, default=0, help="of load")
    parser.add_argument("--malformed", type=int, default=0, help="malformed requests")
    values = parser.parse_args(argv)
    try:
        with closing(Server(values.address)) as server:
            if values.seconds:
                sys.stdout.write(f"{load(server, values.rate, values.seconds)}\n")
            if values.malformed:
                sys.stdout.write(f"{attack(server, values.malformed)}\n")
    except InputError as error:
        sys.stderr.write(f"load_server.py: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
