"""The processor at hand, and the kernels that TensorFlow uses for what XLA does not compile."""

import os
from collections.abc import Mapping
from pathlib import Path

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
ANY, AVX512, AVX512_BF16, GPU = PROCESSORS = ("any", "avx512", "avx512_bf16", "gpu")


def cpu_at_hand() -> str:
    """The CPU's instructions as one of PROCESSORS."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:  # not Linux
        return ANY
    flags = set(text.partition("flags")[2].partition("\n")[0].split())
    if "avx512_bf16" in flags:
        return AVX512_BF16
    return AVX512 if "avx512f" in flags else ANY


def use_onednn() -> None:
    """Makes TensorFlow use oneDNN's kernels on a CPU; call it before TensorFlow is imported.

    TensorFlow uses them by itself on some processors only, although their convolutions are faster
    on others too. Does nothing where the user has set the variable.
    """
    os.environ.setdefault(ONEDNN, "1")


def kernel_choice() -> Mapping[str, str]:
    """Environment variables that make another machine use the same kernels as this process."""
    return {ONEDNN: os.environ[ONEDNN]} if ONEDNN in os.environ else {}
