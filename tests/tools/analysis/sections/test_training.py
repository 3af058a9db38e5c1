from run_folder_fixture import table_of, write_run
from tools.analysis.sections.training import section


def test_the_last_record_is_told(tmp_path):
    (plot,) = section(table_of(write_run(tmp_path))).plots
    assert plot.name == "training_history"
    assert "step 30, elbo -170, iwae -165" in plot.alt


def test_a_run_without_records_has_no_section(tmp_path):
    folder = write_run(tmp_path)
    for path in folder.path.glob("*/history.jsonl"):
        path.unlink()
    assert section(table_of(folder)).blocks == ()
