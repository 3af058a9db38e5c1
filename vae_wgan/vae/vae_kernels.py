"""Which kernels compute which pass of a VAE: XLA's or oneDNN's, in float32 or bfloat16.

Chosen by the processor from one table, deterministically; docs/performance.md has the figures.
"""

from collections.abc import Mapping
from typing import NamedTuple

from tools.run.kernels import ANY, AVX512, AVX512_BF16, GPU
from tools.scores.costs import SAMPLING
from vae_wgan.ensemble.devices import processor_at_hand
from vae_wgan.settings.vae_settings import AUTO, VAESettings

TRAINING, POSTERIOR_MEAN, GRADIENTS = "training", "posterior mean", "gradients"


class Kernels(NamedTuple):
    """The kernels of one pass.

    Attributes:
        xla: Whether XLA compiles the pass; False: oneDNN's kernels on a CPU, cuDNN's on a GPU.
        precision: Number format of the convolutions, float32 or bfloat16.
    """

    xla: bool
    precision: str


_XLA, _PLAIN = Kernels(True, "float32"), Kernels(False, "float32")
_BFLOAT16 = Kernels(False, "bfloat16")
# Where other kernels than XLA's in float32 are faster, by processor and pass.
_FASTER: Mapping[str, Mapping[str, Kernels]] = {
    ANY: {},
    AVX512: {SAMPLING: _PLAIN, POSTERIOR_MEAN: _PLAIN},
    AVX512_BF16: {TRAINING: _BFLOAT16, SAMPLING: _BFLOAT16, POSTERIOR_MEAN: _BFLOAT16},
    # XLA tries out kernels for minutes there; it pays for the many steps of training only.
    GPU: {name: _PLAIN for name in (SAMPLING, POSTERIOR_MEAN, GRADIENTS)},
}
# Where bfloat16 was shown to be as good as float32; elsewhere it must be asked for.
_GOOD_IN_BFLOAT16 = ("bernoulli",)


def kernels_of(settings: VAESettings, name: str) -> Kernels:
    """The kernels of the pass with this name."""
    processor = processor_at_hand() if settings.processor == AUTO else settings.processor
    if settings.precision == "bfloat16":
        return Kernels(settings.compile and processor == GPU, "bfloat16")
    if settings.precision == "float32" or settings.likelihood not in _GOOD_IN_BFLOAT16:
        processor = AVX512 if processor == AVX512_BF16 else processor
    chosen = _FASTER[processor].get(name, _XLA)
    return chosen._replace(xla=chosen.xla and (settings.compile or processor == GPU))
