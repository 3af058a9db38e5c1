import json

import pytest

from input_errors import message_of
from tools.run.history import read_history


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
