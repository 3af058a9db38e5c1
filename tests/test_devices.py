import tensorflow as tf

from tools.run.devices import device_name


def test_gpus_go_by_their_names_and_none_is_the_processor(monkeypatch):
    gpus: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: {"device_name": f"Model {gpu}"}
    )
    assert device_name() == "CPU"
    gpus += ["A", "B"]
    assert device_name() == "Model A, Model B"
