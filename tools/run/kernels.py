"""Which kernels TensorFlow computes with where XLA does not compile."""

import os
from collections.abc import Mapping

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def use_onednn() -> None:
    """Has TensorFlow, which must not be loaded yet, take oneDNN's kernels on a CPU.

    TensorFlow takes them by itself on some processors only; on others their convolutions are
    faster, too. Does nothing where a person has set the variable.
    """
    os.environ.setdefault(ONEDNN, "1")


def kernel_choice() -> Mapping[str, str]:
    """The environment that has another machine take the same kernels as this process."""
    return {ONEDNN: os.environ[ONEDNN]} if ONEDNN in os.environ else {}
