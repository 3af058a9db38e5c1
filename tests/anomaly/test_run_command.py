"""What the commands on a finished run have in common."""

import pytest

from anomaly.run_command import run_command, run_parser
from tools.errors import InputError
from tools.run.run_folder import RunFolder


def test_an_error_of_the_action_is_one_line_and_exit_code_2(tmp_path, capsys):
    def act(values):
        raise InputError(f"{values.run}:\nno such score")

    RunFolder(tmp_path).update_manifest(settings={})
    values = run_parser("anomaly.export", "Exports.").parse_args([str(tmp_path)])
    assert run_command("anomaly.export", values, act) == 2
    assert capsys.readouterr().err == f"anomaly.export: {tmp_path}: no such score\n"


@pytest.mark.parametrize(("share", "code"), [("0.5", 0), ("0", 2), ("1", 2), ("nan", 2)])
def test_a_share_lies_between_0_and_1(share, code, tmp_path):
    RunFolder(tmp_path).update_manifest(settings={})
    values = run_parser("anomaly.serve", "Serves.").parse_args(
        [str(tmp_path), f"--target_fpr={share}"]
    )
    assert run_command("anomaly.serve", values, lambda values: None) == code
