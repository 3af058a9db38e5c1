"""The load script against a server of the standard library that answers as ours does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.load_server import main


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        inputs = [{"name": "a", "datatype": "FP64", "shape": [-1]}]
        title = {"title": "Anomaly scores of rows"}
        self.answer(200, {"inputs": inputs, "info": title, "ready": True})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            is_good = isinstance(json.loads(body), dict) and self.path == "/score"
        except (ValueError, RecursionError):
            is_good = False
        self.answer(200 if is_good else 400, {} if is_good else {"error": "no"})

    def log_message(self, *arguments):
        pass


@pytest.fixture
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_load_and_malformed_requests_are_counted(address, capsys):
    assert main([address, "--seconds=0.2", "--rate=50", "--malformed=30"]) == 0
    load, attack = capsys.readouterr().out.splitlines()
    assert "answers {200: 10}" in load
    assert attack.startswith("30 malformed requests")
    assert "0 without a sentence, the server is ready" in attack


def test_nobody_there_is_told(capsys):
    assert main(["http://127.0.0.1:9"]) == 2
    assert "does not answer" in capsys.readouterr().err
