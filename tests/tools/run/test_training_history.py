import json

import pytest

from input_errors import message_of
from tools.run.training_history import described, read_history


def test_records_come_in_order_and_none_without_a_file(tmp_path):
    records = [{"step": step, "elbo": -100.5 + step} for step in (4, 8)]
    path = tmp_path / "history.jsonl"
    assert read_history(path) == []
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    assert read_history(path) == records


@pytest.mark.parametrize("line", ['{"step": 4', "[4]", '{"elbo": 1.0}', "\xff"])
def test_a_damaged_file_is_named_with_what_to_do(line, tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"step": 4}\n' + line.encode("latin1"))
    assert message_of(read_history, path).startswith(f"{path} is damaged")


@pytest.mark.parametrize(
    "line", ['{"step": "4"}', '{"step": 8, "elbo": "x"}', '{"step": 8, "elbo": NaN}', '{"step": 8}',
             '{"step": 8, "rate": 1.0}', '{"step": 1e999}', "[" * 100_000]
)  # fmt: skip
def test_lines_that_no_plot_could_show_are_damage(line, tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text('{"step": 4, "elbo": 1.0}\n' + line)
    assert message_of(read_history, path).startswith(f"{path} is damaged")


def test_a_record_is_described_by_its_quantities():
    record = {"step": 4, "rate": 20.0, "elbo": -100.504, "learning_rate": 1e-3}
    assert described(record) == "elbo -100.50, rate 20.00"
