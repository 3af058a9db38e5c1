"""What TensorFlow computes on."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

_LOG = logging.getLogger(__name__)
_GRAPPLER_OFF = "disable_meta_optimizer"


def device_name() -> str:
    """What TensorFlow computes on: the GPUs' names, or "CPU"."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    return ", ".join(names) or "CPU"


def prepare_devices(threads: int) -> None:
    """Sets what must be set before TensorFlow computes anything in this process.

    A GPU's memory is taken as it is needed, so that several members can share one. Graphs are
    computed as written, see below.

    Args:
        threads: That this process computes with; the last digits of sums depend on them.
    """
    tf.config.optimizer.set_experimental_options({_GRAPPLER_OFF: True})
    use_threads(threads)


def use_threads(threads: int) -> None:
    """The threads and GPUs of `prepare_devices`, with Grappler as it is."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:  # in a program that has computed something before, such as a notebook
        _LOG.warning("TensorFlow has started before: --cpus_per_member=%d has no effect", threads)


@contextmanager
def graphs_as_written() -> Iterator[None]:
    """Grappler is off for what this program computes in this context, in any thread.

    On a busy machine it now and then makes another graph of the same function, whose sums differ
    in their last digits, and training makes other weights of that.
    """
    with _as_written.lock:
        if not _as_written.threads:
            _as_written.before = tf.config.optimizer.get_experimental_options()
        _as_written.threads += 1
        # Each thread says so: TensorFlow keeps what it has read of the options by thread.
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
    """The threads that are in `graphs_as_written`, and the options before the first came."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.threads = 0
        self.before: dict[str, bool] = {}


_as_written = _AsWritten()
