import pytest
import tensorflow as tf

from vae_wgan.ensemble.devices import device_name, graphs_as_written, prepare_devices


def test_gpus_go_by_their_names_and_none_is_the_processor(monkeypatch):
    gpus: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: {"device_name": f"Model {gpu}"}
    )
    assert device_name() == "CPU"
    gpus += ["A", "B"]
    assert device_name() == "Model A, Model B"


def test_a_process_takes_its_threads_and_of_a_gpu_what_it_needs(monkeypatch):
    taken = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind}:0", f"{kind}:1"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda *growth: taken.append(growth)
    )
    for kind in ("intra", "inter"):
        name = f"set_{kind}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, name, lambda count: taken.append(count))
    monkeypatch.setattr(tf.config.optimizer, "set_experimental_options", taken.append)
    prepare_devices(3)
    without_grappler = {"disable_meta_optimizer": True}
    assert taken == [without_grappler, 3, 3, ("GPU:0", True), ("GPU:1", True)]


def test_a_program_that_has_computed_before_is_told_that_its_threads_stay(monkeypatch, caplog):
    monkeypatch.setattr(tf.config.optimizer, "set_experimental_options", lambda options: None)
    tf.constant(1.0)
    prepare_devices(99)
    assert "--cpus_per_member=99 has no effect" in caplog.text


@pytest.mark.parametrize("before", [False, True])
def test_a_program_has_grappler_back_as_it_was(before):
    def is_off() -> bool:
        return tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})
    with pytest.raises(KeyError), graphs_as_written():
        assert is_off()
        raise KeyError
    assert is_off() == before
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
