"""Bodies become tables and images, or an error that says what is wrong."""

import numpy as np
import pytest

from anomaly.serving import request_bodies
from anomaly.serving.request_bodies import (
    images_of,
    images_of_tensors,
    inputs_of,
    parsed_body,
    table_of,
    table_of_tensors,
)
from input_errors import message_of


def test_rows_are_a_list_or_one_and_missing_values_are_null():
    frame = table_of(parsed_body(b'{"rows": [{"a": 1, "b": null}, {"a": 2}]}'))
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().all()
    assert table_of({"a": 1})["a"].tolist() == [1]


@pytest.mark.parametrize("values", [[[[0, 255], [51, 102]]], [[[0.0, 1.0], [0.2, 0.4]]]])
def test_images_are_bytes_or_floats(values):
    expected = np.array([[[[0], [1]], [[0.2], [0.4]]]])
    np.testing.assert_allclose(images_of({"images": values}), expected, rtol=1e-6)
    flat = {"name": "x", "shape": [1, 2, 2, 1], "data": np.ravel(values).tolist()}
    kind = "UINT8" if np.ravel(values)[1] == 255 else "FP32"
    tensors = inputs_of({"inputs": [flat | {"datatype": kind}]})
    np.testing.assert_allclose(images_of_tensors(tensors), expected, rtol=1e-6)


def test_columns_of_different_lengths_and_shapes_are_refused():
    one, two = np.zeros(1), np.zeros(2)
    assert table_of_tensors({"a": two, "b": two.reshape(2, 1)}).shape == (2, 2)
    assert "different numbers" in message_of(table_of_tensors, {"a": one, "b": two})
    assert "a column has the shape" in message_of(table_of_tensors, {"a": np.zeros((1, 2))})
    assert "two inputs" in message_of(
        inputs_of,
        {"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [1]}] * 2},
    )
    assert "one input" in message_of(images_of_tensors, {})


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(request_bodies, "MOST_ROWS", 2)
    assert "1 to 2 rows, not 3" in message_of(table_of, [{"a": 1}] * 3)
