"""The devices and threads that TensorFlow computes with."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from tools.run import kernels

_LOG = logging.getLogger(__name__)
_GRAPPLER_OFF = "disable_meta_optimizer"


def device_name() -> str:
    """Names of the GPUs that TensorFlow sees, or "CPU"."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    return ", ".join(names) or "CPU"


def processor_at_hand() -> str:
    """What this process computes with, as one of `PROCESSORS` in tools/run/kernels.py."""
    return kernels.GPU if tf.config.list_physical_devices("GPU") else kernels.cpu_at_hand()


def prepare_devices(threads: int) -> None:
    """Configures TensorFlow; call it before TensorFlow computes anything in this process.

    GPU memory is allocated as needed, so that several members can share a GPU. Grappler is off,
    see `graphs_as_written`.

    Args:
        threads: Number of threads; rounding errors of sums depend on it.
    """
    tf.config.optimizer.set_experimental_options({_GRAPPLER_OFF: True})
    use_threads(threads)


def use_threads(threads: int) -> None:
    """Sets threads and GPU memory as `prepare_devices` does, without changing Grappler."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:  # in a program that has computed something before, such as a notebook
        _LOG.warning("TensorFlow has started before: --cpus_per_member=%d has no effect", threads)


@contextmanager
def graphs_as_written() -> Iterator[None]:
    """Context in which TensorFlow's graph optimizer Grappler is off, in all threads.

    On a busy machine Grappler sometimes rewrites the same function to another graph, whose sums
    round differently; training would then end with other weights.
    """
    with _as_written.lock:
        if not _as_written.threads:
            _as_written.before = tf.config.optimizer.get_experimental_options()
        _as_written.threads += 1
        # Set in each thread: TensorFlow caches the options per thread.
        tf.config.optimizer.set_experimental_options({_GRAPPLER_OFF: True})
    try:
        yield
    finally:
        with _as_written.lock:
            _as_written.threads -= 1
            if not _as_written.threads:
                tf.config.optimizer.set_experimental_options(
                    {_GRAPPLER_OFF: _as_written.before.get(_GRAPPLER_OFF, False)}
                )


class _AsWritten:
    """Number of threads in `graphs_as_written`, and the options before the first entered."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.threads = 0
        self.before: dict[str, bool] = {}


_as_written = _AsWritten()
