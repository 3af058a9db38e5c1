from run_folder_fixture import table_of, write_run
from tools.analysis.sections.protocol import protocol_text, section


def test_counts_have_commas():
    shown = [protocol_text(value) for value in (127941, "semi", "0.3 %")]
    assert shown == ["127,941", "semi", "0.3 %"]


def test_only_runs_with_a_protocol_have_the_section(tmp_path):
    folder = write_run(tmp_path)
    assert section(table_of(folder)).blocks == ()
    folder.update_manifest(protocol={"training rows": 127941})
    (shown,) = section(table_of(folder)).blocks
    assert shown.values == {"training rows": "127,941"}
