import os
import subprocess
import sys

import pytest

from tools.run.command_line import run_from_command_line
from tools.run.kernels import ONEDNN, kernel_choice, use_onednn
from vae_wgan.settings.wgan_settings import WGANSettings

# Which kernel a convolution takes, by the names in what TensorFlow logs of its graph's nodes.
KERNEL_OF_A_CONVOLUTION = """
import tensorflow as tf
from tensorflow.python.eager import context
convolution = tf.function(lambda x: tf.nn.conv2d(x, tf.ones([3, 3, 1, 2]), 1, "SAME"))
context.context().enable_graph_collection()
convolution(tf.ones([1, 8, 8, 1]))
graphs = context.context().export_run_metadata().partition_graphs
print(*sorted({node.op for graph in graphs for node in graph.node if "Conv2D" in node.op}))
"""


@pytest.fixture(autouse=True)
def nobody_has_set_it(monkeypatch):
    monkeypatch.delenv(ONEDNN)  # conftest.py has


def test_another_machine_takes_the_same_kernels():
    assert kernel_choice() == {}
    use_onednn()
    assert kernel_choice() == {ONEDNN: "1"}


def test_what_a_person_has_set_stays(monkeypatch):
    monkeypatch.setenv(ONEDNN, "0")
    use_onednn()
    assert kernel_choice() == {ONEDNN: "0"}


@pytest.mark.parametrize("flags", [["--compile"], []])
def test_a_command_asks_for_it_as_xla_may_not_compile_all_passes(flags, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    seen = []
    run_from_command_line(
        WGANSettings,
        lambda settings, given: seen.append(kernel_choice()),
        description="",
        argv=["wgan_run.py", "--model_dir=run", *flags],
    )
    assert seen == [{ONEDNN: "1"}]


@pytest.mark.parametrize(("choice", "kernel"), [("0", "Conv2D"), ("1", "_MklNativeConv2D")])
def test_tensorflow_does_as_it_is_told(choice, kernel):
    printed = subprocess.run(
        [sys.executable, "-c", KERNEL_OF_A_CONVOLUTION],
        env=os.environ | {ONEDNN: choice},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.split() == [kernel]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "model name : x\nflags\t\t: fpu avx2 avx512f avx512_bf16\nbugs : avx512f\n",
            "avx512_bf16",
        ),
        ("flags\t\t: fpu avx512f\n", "avx512"),
        ("flags\t\t: fpu avx2\nbugs : avx512f\n", "any"),
        ("Features : asimd bf16\n", "any"),
    ],
)
def test_the_processor_is_known_by_its_instructions(text, expected, cpu_at_hand, monkeypatch):
    monkeypatch.setattr("pathlib.Path.read_text", lambda path, encoding: text)
    assert cpu_at_hand() == expected


def test_without_a_list_of_instructions_none_is_taken_for_granted(cpu_at_hand, monkeypatch):
    def missing(path, encoding):
        raise FileNotFoundError(path)

    monkeypatch.setattr("pathlib.Path.read_text", missing)
    assert cpu_at_hand() == "any"
