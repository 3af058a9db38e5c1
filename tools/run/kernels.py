"""Which kernels TensorFlow uses for what XLA does not compile."""

import os
from collections.abc import Mapping

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def use_onednn() -> None:
    """Makes TensorFlow use oneDNN's kernels on a CPU; call it before TensorFlow is imported.

    TensorFlow uses them by itself on some processors only, although their convolutions are faster
    on others too. Does nothing where the user has set the variable.
    """
    os.environ.setdefault(ONEDNN, "1")


def kernel_choice() -> Mapping[str, str]:
    """Environment variables that make another machine use the same kernels as this process."""
    return {ONEDNN: os.environ[ONEDNN]} if ONEDNN in os.environ else {}
