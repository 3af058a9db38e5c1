"""Fixtures that several tests share."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finished_runs import FinishedRun, finished_run
from tools.run import kernels

os.environ["TF_XLA_FLAGS"] = ""  # tests and what they start neither use nor fill the user's cache
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as commands have it, whichever test loads TensorFlow
_cpu_at_hand, kernels.cpu_at_hand = kernels.cpu_at_hand, lambda: kernels.ANY  # for the same bytes


def pytest_collection_modifyitems(items):
    """Whole commands first and what takes little last, so that all processes end together."""
    ranks = {"commands": 0, "tools": 2}
    folder = Path(__file__).parent
    items.sort(key=lambda item: ranks.get(item.path.relative_to(folder).parts[0], 1))


@pytest.fixture(autouse=True)
def the_same_random_weights_every_time():
    """Networks that a test makes without a seed are the same in every run."""
    if "tensorflow" in sys.modules:  # importing it takes seconds, and many tests need none
        sys.modules["tensorflow"].keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; the test is skipped on a machine without it."""
    beside_the_checkout = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("WAIC_DATA_DIR") or beside_the_checkout)
    if not (folder / "mnist").is_dir():
        pytest.skip(f"no real data in {folder}; set WAIC_DATA_DIR")
    return folder


@pytest.fixture
def cpu_at_hand() -> Callable[[], str]:
    """The function of tools/run/kernels.py, which tests do not use otherwise."""
    return _cpu_at_hand


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Callable[[str], FinishedRun]:
    """The finished run of a kind, which the first test to ask for it makes; nobody changes it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one folder of all processes that run tests
        folder = folder.parent
    return lambda kind: finished_run(kind, folder / "tiny_runs")


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    """A copy of a module's finished run, and the data beside it, that a test may spoil."""
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def eagerly():
    """Without graphs: for models that make a step or two, building them takes the longest."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
