"""A Python environment of its own for the library that the detectors are measured against."""

import os
import sys
from pathlib import Path

from tools.data.sources.downloads import run_client
from tools.errors import InputError

PEER, PEER_VERSION = "alibi-detect", "0.13.0"


def peer_python(given: str | None) -> str:
    """Path of a Python that has the peer: the given one, or one in the user's cache.

    Raises:
        InputError: It does not have the peer in its version, or cannot be made.
    """
    python = given or _made_environment()
    question = f"import importlib.metadata as m; m.version({PEER!r}) == {PEER_VERSION!r} or exit(1)"
    try:
        run_client([python, "-c", question], Path.cwd())
    except InputError as error:
        raise InputError(
            f"--peer_python={python} has no {PEER} {PEER_VERSION}; leave the flag out to have an "
            "environment made"
        ) from error
    return python


def _made_environment() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "generative-ensembles" / f"{PEER}-{PEER_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    if not python.exists():
        run_client([sys.executable, "-m", "venv", str(folder)], folder)
    requirement = f"{PEER}[tensorflow]=={PEER_VERSION}"
    run_client([str(python), "-m", "pip", "install", "--quiet", requirement], folder)
    return str(python)
