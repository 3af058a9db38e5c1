"""Faults of members: recorded once, without the checkpoints that they spoil."""

import numpy as np
import pytest

from tools.errors import InputError
from tools.run.checkpoints import newest_step, save_checkpoint
from tools.run.member_faults import add_fault, faults_of, is_left_out, working_members
from tools.run.run_folder import RunFolder


def test_a_fault_takes_checkpoints_and_history_with_it(tmp_path):
    folder = RunFolder(tmp_path)
    member = folder.member(1)
    save_checkpoint(member, 5, {"weights": np.zeros(2)})
    (member / "history.jsonl").write_text("{}\n")
    assert (faults_of(member), is_left_out(member)) == ([], False)
    add_fault(member, "diverged by step 7")
    assert newest_step(member) is None
    assert not (member / "history.jsonl").exists()
    assert (faults_of(member), is_left_out(member)) == (["diverged by step 7"], False)
    add_fault(member, "collapsed")
    assert is_left_out(member)
    assert working_members(folder, 3) == [0, 2]


@pytest.mark.parametrize("content", ["{", "{}", "[1]"])
def test_a_damaged_file_is_named(content, tmp_path):
    (tmp_path / "faults.json").write_text(content)
    with pytest.raises(InputError, match=r"faults\.json is damaged"):
        faults_of(tmp_path)
