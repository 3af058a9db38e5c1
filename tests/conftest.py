"""Fixtures that several tests share."""

import os
import sys
from pathlib import Path

import pytest

os.environ["TF_XLA_FLAGS"] = ""  # tests and what they start neither use nor fill the user's cache
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as commands have it, whichever test loads TensorFlow


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
