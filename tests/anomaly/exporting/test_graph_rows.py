"""Raw columns are encoded in TensorFlow as pandas encodes them."""

import numpy as np
import pandas as pd
import tensorflow as tf

from anomaly.exporting.graph_rows import column_specs, encoded_columns
from tiny_run import made_up_table
from tools.data.tables.table_encoder import fit_encoder


def test_columns_are_encoded_as_by_the_encoder():
    frame = made_up_table(300).drop(columns="Class")
    encoder = fit_encoder(frame, np.arange(200), time_column="Time", absolute_time=True)
    columns = {}
    for name, spec in column_specs(encoder).items():
        columns[name] = tf.constant(frame[name].to_numpy(), spec.dtype)
    np.testing.assert_allclose(
        encoded_columns(columns, encoder), encoder.encode(frame), rtol=1e-5, atol=1e-6
    )


def test_dates_are_seconds_and_have_the_parts_that_texts_have():
    times = pd.Timestamp("1899-12-28") + pd.to_timedelta(np.arange(0, 60_000, 7.3), unit="D")
    frame = pd.DataFrame({"when": times, "x": np.random.default_rng(0).normal(size=len(times))})
    texts = frame.assign(when=times.strftime("%Y-%m-%dT%H:%M:%S"))
    encoder = fit_encoder(texts, np.arange(len(times)))
    assert encoder.date_columns
    seconds = (times - pd.Timestamp(0)).total_seconds().to_numpy() // 1
    columns = {"when": tf.constant(seconds), "x": tf.constant(frame["x"])}
    np.testing.assert_allclose(
        encoded_columns(columns, encoder), encoder.encode(texts), rtol=1e-4, atol=1e-5
    )
