"""What a run on a table trains on and tests, by its flags."""

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.scores.conformal import p_values
from vae_wgan.data.table_data import load_table_data
from vae_wgan.data.table_rows import table_roles
from vae_wgan.settings.table_settings import TableSettings

ROWS = 400


@pytest.fixture
def own(tmp_path):
    """Function that writes a table, changed, and gives settings for it."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": random.normal(size=ROWS),
            "b": random.lognormal(size=ROWS),
            "Time": np.linspace(0, 2 * 86400 - 1, ROWS),
            "Class": np.where(np.arange(ROWS) % 20 == 7, 1, 0),
        }
    )

    def settings(change=lambda frame: frame, **flags):
        change(frame.copy()).to_csv(tmp_path / "own.csv", index=False)
        flags = {"label_column": "Class", "time_column": "Time"} | flags
        return TableSettings(train_dataset=str(tmp_path / "own.csv"), **flags)

    return settings


def test_the_sets_of_a_run(own):
    data = load_table_data(own())
    assert [part.name for part in data.scored] == [
        "own", "calibration", "anomalies", "uniform_noise", "normal_noise"
    ]  # fmt: skip
    assert [len(part) for part in (data.training, *data.scored)] == [171, 190, 19, 20, 1000, 1000]
    assert data.anomalies == ("anomalies",)
    assert data.encoder.features == ("a", "b", "Time (hour of the day)")
    assert (data.ood[0].ids % 20 == 7).all()


def test_training_rows_are_standardised_and_noise_lies_in_their_space(own):
    data = load_table_data(own())
    rows = data.training.examples
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-5)
    uniform, normal = data.ood[1].examples, data.ood[2].examples
    assert (uniform >= rows.min(axis=0)).all()
    assert (uniform <= rows.max(axis=0)).all()
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=0.1)


def test_anomalies_have_no_part_in_the_scaling(own):
    def spoil(frame):
        frame.loc[frame.Class == 1, ["a", "b"]] = 1e6
        return frame

    plain, spoiled = (load_table_data(own(change)) for change in (lambda f: f, spoil))
    np.testing.assert_array_equal(plain.training.examples, spoiled.training.examples)


def test_rows_that_differ_in_time_and_label_only_are_equal_rows(own):
    def repeat(frame):
        frame.loc[1::2, ["a", "b"]] = frame.loc[0::2, ["a", "b"]].to_numpy()
        return frame

    data = load_table_data(own(repeat))
    parts = [set((part.ids // 2).tolist()) for part in (data.training, data.calibration, data.test)]
    assert not parts[0] & parts[2]
    assert not parts[0] & set((data.ood[0].ids // 2).tolist())


def with_patterns(frame, patterns, random):
    """The frame with equal contents in many rows, and columns that an encoder leaves out."""
    chosen = random.integers(patterns, size=len(frame))
    values = random.normal(size=(2, patterns))
    frame["a"], frame["b"] = values[:, chosen]
    frame["id"] = np.arange(len(frame))
    frame["note"] = [f"written by hand, number {row}" for row in range(len(frame))]
    return frame


def test_rows_are_equal_where_the_encoder_sees_them_equal(own):
    random = np.random.default_rng(5)
    data = load_table_data(own(lambda frame: with_patterns(frame, 60, random), time_column=""))
    assert not {"id", "note"} & {*data.encoder.features}
    seen = {row.tobytes() for row in data.training.examples}
    assert not seen & {row.tobytes() for row in data.test.examples}


@pytest.mark.parametrize("patterns", [20, 100, 10_000])
def test_the_rate_of_false_alarms_is_that_of_rows_to_come(own, patterns):
    """Distance to the nearest training row, on rows of which many repeat training rows."""
    rates = []
    for seed in range(8):
        random = np.random.default_rng(seed)
        shared = np.random.default_rng(patterns)
        values = shared.normal(size=(2, patterns))

        def drawn(frame, values=values, random=random):
            frame["a"], frame["b"] = values[:, random.integers(patterns, size=len(frame))]
            frame["Class"] = 0
            return frame

        data = load_table_data(own(drawn, seed=seed, time_column="", drop_columns=("Time",)))
        fresh = data.encoder.encode(drawn(pd.DataFrame(index=range(500))))
        training = data.training.examples

        def distances(rows, training=training):
            return np.abs(rows[:, None] - training[None]).sum(axis=2).min(axis=1)

        found = p_values(distances(fresh), distances(data.calibration.examples))
        rates.append((found <= 0.1).mean())
    assert np.mean(rates) <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / (8 * 20))


def test_the_protocol_says_its_counts(own):
    protocol = load_table_data(own(protocol="time")).protocol
    assert protocol["protocol"].startswith("time: ")
    assert protocol["training rows"] + protocol["calibration rows"] == 190
    assert protocol["normal test rows"] == 190
    assert protocol["test rows that are anomalies"] == protocol["rows in no part"] == 10
    assert protocol["share of anomalies in the test"] == "5.000 %"
    assert protocol["share of anomalies in the table"] == "5.000 %"


def test_without_labels_all_rows_train_and_are_scored(own):
    data = load_table_data(own(lambda frame: frame.drop(columns="Class"), label_column=""))
    assert (data.ood, data.anomalies) == ((), ())
    np.testing.assert_array_equal(data.test.ids, np.arange(ROWS))
    assert len(data.training) + len(data.calibration) == ROWS


def test_absolute_time_is_a_feature_by_flag_only(own):
    assert "Time" in load_table_data(own(absolute_time=True)).encoder.features


def test_a_dropped_time_still_splits(own):
    data = load_table_data(own(drop_columns=("Time",), protocol="time"))
    assert data.encoder.features == ("a", "b")


@pytest.mark.parametrize("label", ["0", "0.0", "good"])
def test_labels_are_compared_as_numbers_or_texts(label, own):
    def rename(frame):
        return (
            frame.assign(Class=frame.Class.map({0: "good", 1: "bad"})) if label == "good" else frame
        )

    assert len(load_table_data(own(rename, normal_label=label)).ood[0]) == 20


def test_eval_size_chooses_rows(own):
    few, all_rows = load_table_data(own(eval_size=15)), load_table_data(own())
    assert [len(part) for part in few.scored] == [15] * 5
    assert set(few.test.ids) < set(all_rows.test.ids)


def test_another_seed_is_another_split(own):
    first, again, other = (load_table_data(own(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.training.examples, again.training.examples)
    assert set(first.training.ids) != set(other.training.ids)


def test_the_named_table_knows_its_columns():
    roles = table_roles(TableSettings())
    assert (roles.label_column, roles.time_column, roles.anomalies) == ("Class", "Time", "fraud")


@pytest.mark.parametrize(
    ("change", "flags", "words"),
    [
        (lambda f: f, {"label_column": "Klass"}, "--label_column=Klass: the table has no such"),
        (lambda f: f, {"time_column": "When"}, "--time_column=When"),
        (lambda f: f, {"drop_columns": ("z",)}, "--drop_columns=z"),
        (lambda f: f, {"normal_label": "7"}, "--normal_label=7: column Class has it in no row"),
        (lambda f: f[:99], {}, "has 99 rows; at least 100"),
        (lambda f: f.assign(Class=f.Class.where(f.index != 3)), {}, "column Class, row 3"),
        (lambda f: f.assign(b=f.b.where(f.index != 3, np.inf)), {}, "column b, row 3"),
        (lambda f: f.assign(b=f.b.astype(str).where(f.index != 3, "x")), {}, "'x' is no number"),
        (lambda f: f.drop(columns="Time"), {"time_column": "", "protocol": "time"}, "--time_col"),
        (lambda f: f.assign(Class=0), {"protocol": "balanced"}, "--protocol=balanced"),
    ],
)
def test_bad_tables_are_refused_with_flag_and_file(change, flags, words, own):
    message = message_of(load_table_data, own(change, **flags))
    assert message.startswith("--train_dataset=")
    assert words in message


def test_a_file_named_as_a_set_of_the_run_is_refused(own, tmp_path):
    path = tmp_path / "calibration.csv"
    pd.read_csv(own().train_dataset).to_csv(path, index=False)
    message = message_of(load_table_data, TableSettings(train_dataset=str(path)))
    assert "the name calibration is taken" in message


@pytest.fixture
def two(own, tmp_path):
    """Function that writes the table in two files and gives settings for them."""

    def settings(change=lambda frame: frame, **flags):
        one = own(label_column="Class", time_column="")
        frame = pd.read_csv(one.train_dataset)
        frame[:250].to_csv(tmp_path / "first.csv", index=False)
        change(frame[250:].reset_index(drop=True)).to_csv(tmp_path / "second.csv", index=False)
        paths = {
            "train_dataset": str(tmp_path / "first.csv"),
            "test_dataset": str(tmp_path / "second.csv"),
        }
        return TableSettings(**paths, **{"label_column": "Class"} | flags)

    return settings


def test_a_second_table_is_the_test(two):
    data = load_table_data(two())
    assert [part.name for part in data.scored][:3] == ["first", "calibration", "anomalies"]
    assert [len(part) for part in (data.training, *data.scored[:3])] == [213, 143, 24, 7]
    assert (data.ood[0].ids % 20 == (7 - 250) % 20).all()  # row numbers in its own file
    assert data.training.checksum != data.test.checksum == data.ood[0].checksum
    assert data.protocol["training rows that are anomalies, not used"] == 13
    assert data.copies is not None
    assert len(data.copies) == 0


def test_copies_of_training_rows_are_counted_and_left_out_by_flag(two):
    def copied(frame):
        first = pd.read_csv(two().train_dataset)
        return pd.concat([frame, first[first.Class == 0][:30]], ignore_index=True)

    kept, left_out = (load_table_data(two(copied, drop_copies=flag)) for flag in (False, True))
    # Those of calibration rows are no copies of training rows.
    count = len(kept.copies)
    assert 20 <= count <= 30
    assert (kept.copies["row"] >= 150).all()
    assert kept.protocol["test rows that equal training rows"].startswith(f"{count} (--drop_cop")
    assert len(kept.test) - len(left_out.test) == count
    assert not set(left_out.test.ids) & set(kept.copies["row"])


def test_a_second_table_may_lack_the_label_and_what_is_dropped_but_no_other_column(two):
    data = load_table_data(two(lambda f: f.drop(columns="Class")))
    assert (len(data.test), data.ood) == (150, ())
    dropped = two(lambda f: f.drop(columns="Time").assign(note="x"), drop_columns=("Time",))
    assert (
        "second: not used, as the first table has them not: note" in load_table_data(dropped).notes
    )
    message = message_of(load_table_data, two(lambda f: f.drop(columns="b")))
    assert message.startswith("--test_dataset=")
    assert "the table lacks b; it has a, Time, Class" in message


def test_contamination_trims_the_most_anomalous_training_rows(own):
    def spoil(frame):
        frame.loc[frame.index % 40 == 3, "a"] = np.resize([1, -1], 10) * np.geomspace(20, 2000, 10)
        return frame.drop(columns="Class")

    flags = {"label_column": "", "time_column": "", "drop_columns": ("Time",)}
    data = load_table_data(own(spoil, contamination=0.03, **flags))
    assert not set(np.arange(3, ROWS, 40)) & set(data.training.ids)
    assert not set(np.arange(3, ROWS, 40)) & set(data.calibration.ids)
    assert data.protocol["rows trimmed by --contamination"] >= 0.03 * 360
    assert len(data.test) == ROWS


def test_ids_are_left_out_or_asked_about_and_leaks_are_named(own):
    def more(frame):
        ids = np.random.default_rng(3).integers(10**5, 10**8, (2, ROWS))
        found = (frame.Class == 1) & (frame.index % 40 == 7)
        return frame.assign(customer_id=ids[0], stock=ids[1], found=found.astype(int))

    data = load_table_data(own(more))
    assert {"customer_id", "found"} <= {*data.encoder.left_out}
    assert "--keep_columns=customer_id keeps it" in data.preview
    assert [question.split()[0] for question in data.questions] == ["stock:", "found"]
    assert "--drop_columns=stock leaves it out" in data.protocol["please check"]
    kept = load_table_data(own(more, keep_columns=("customer_id",)))
    assert "customer_id" in kept.encoder.features


def people_write(path, ending=".csv", **changes):
    """Writes a table as pandas does by default, with some changes."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(ROWS, 3)).round(3), columns=list("abc"))
    frame = frame.assign(Class=random.integers(0, 20, ROWS).astype(bool).astype(int))
    to_csv = {"index": False} | changes.pop("to_csv", {})
    frame.assign(**changes).to_csv(path.with_suffix(ending), **to_csv)
    return path.with_suffix(ending)


# Each line of the table in docs/own_tables.md: how the file is written, flags, and the preview.
AS_PEOPLE_HAVE_THEM = {
    "another ending": ({"ending": ".data"}, {}, "separator comma, decimal point, utf-8, with a"),
    "tab": ({"ending": ".tsv", "to_csv": {"sep": "\t"}}, {}, "separator tab, decimal point"),
    "decimal commas": ({"to_csv": {"sep": ";", "decimal": ","}}, {}, "semicolon, decimal comma"),
    "latin-1": (
        {"stadt": ["Köln", "Bern"] * (ROWS // 2), "to_csv": {"encoding": "latin-1"}},
        {},
        "Köln",
    ),
    "byte order mark": ({"to_csv": {"encoding": "utf-8-sig"}}, {}, "utf-8-sig, with a heading"),
    "zip": ({"ending": ".zip"}, {}, "separator comma"),
    "xz": ({"ending": ".xz"}, {}, "separator comma"),
    "no heading": (
        {"ending": ".txt", "to_csv": {"header": False}},
        {"label_column": "c3"},
        "without a heading: columns c0, c1, ...",
    ),
    "thousands": ({"d": ["1,234.5", "98,765.25"] * (ROWS // 2)}, {}, "d      number"),
    "question marks": ({"d": ["?", "1.5", "1.5", "N/A", "2"] * (ROWS // 5)}, {}, ", missing: 1.5"),
    "blank cells": ({"d": [" ", "1.5", "1.5", "1", "2"] * (ROWS // 5)}, {}, ", missing: 1.5"),
    "blanks around words": (
        {"d": ["yes", " yes", "no ", "no"] * (ROWS // 4)}, {}, "d      text, 2 categories: "
    ),
    "names of several columns": (
        {"to_csv": {"header": ["a", "a", "c", "Class"]}}, {}, "names of several columns: a;"
    ),
    "told": ({}, {"csv_options": ("thousands=none",), "header": "yes"}, "thousands none"),
    "truth values": ({"d": [True, False, False, False] * (ROWS // 4)}, {}, "d      0 or 1"),
    "a constant": ({"d": -0.087}, {}, "d      left out: always -0.087 in the training rows"),
    "rounding errors": (
        {"d": 1 + 1e-15 * np.random.default_rng(0).normal(size=ROWS)},
        {},
        "d      left out: always 1 in the training rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AS_PEOPLE_HAVE_THEM)
def test_tables_as_people_have_them_are_read_and_the_preview_says_how(case, tmp_path):
    changes, flags, words = AS_PEOPLE_HAVE_THEM[case]
    path = people_write(tmp_path / "own", **changes)
    settings = {"label_column": "Class", "normal_label": "1"} | flags
    data = load_table_data(TableSettings(train_dataset=str(path), **settings))
    assert words in data.preview, data.preview
    assert data.anomalies == ("anomalies",)
