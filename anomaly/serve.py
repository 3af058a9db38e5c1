"""Serves a finished run over HTTP: scores, p-values and flags of rows or pictures.

python -m anomaly.serve runs/mnist --port=8000
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from anomaly.run_command import run_command, run_parser
from tools.errors import InputError
from tools.run.compilation_cache import use_compilation_cache

NEEDED = "serving needs further packages: pip install 'generative-ensembles[serve]'"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `python -m anomaly.serve`; returns the exit code."""
    return run_command("anomaly.serve", _arguments().parse_args(argv), _serve)


def _arguments() -> argparse.ArgumentParser:
    parser = run_parser("anomaly.serve", __doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: reached from other machines")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--name", help="name of the model in addresses (the folder's)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for a request")
    parser.add_argument("--largest_request", type=int, default=16, help="megabytes")
    return parser


def _serve(values: argparse.Namespace) -> None:
    try:
        import uvicorn

        use_compilation_cache()  # before TensorFlow is loaded
        from anomaly.serving.app import make_app, model_name
        from anomaly.serving.served_run import serve_run
    except ModuleNotFoundError as error:
        raise InputError(f"{NEEDED} ({error.name} is missing)") from error

    folder = Path(values.run)
    run = serve_run(
        folder,
        values.name or model_name(folder),
        target_fpr=values.target_fpr,
        timeout=values.timeout,
    )
    app = make_app(run, largest_request=values.largest_request * 1024 * 1024)
    logging.info("http://%s:%d/docs shows how to ask", values.host, values.port)
    # SIGTERM: no new connections, and what was asked for is answered.
    uvicorn.run(
        app,
        host=values.host,
        port=values.port,
        log_level="warning",
        access_log=False,
        limit_concurrency=512,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(values.timeout) + 1,
    )


if __name__ == "__main__":
    sys.exit(main())
