"""A process that holds a run folder, as a run that is still going on does."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repository_sources import ROOT

HOLDER = """
import sys
from tools.run.run_folder import RunFolder
with RunFolder(sys.argv[1]).locked():
    sys.stdout.write("held\\n"), sys.stdout.flush(), sys.stdin.read()
"""


@contextmanager
def process_that_holds(folder: Path) -> Iterator[subprocess.Popen]:
    """The process; it holds the folder until it is killed or the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
