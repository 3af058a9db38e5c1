"""What failed is named once, in print, in the report and in metrics.json."""

from run_folder_fixture import table_of, write_run
from tools.analysis.sections import left_out


def test_each_reason_is_a_line_and_a_pair(tmp_path):
    folder = write_run(tmp_path)
    none = left_out.section(table_of(folder))
    assert (none.blocks, none.text) == ((), "")
    reasons = {"member 2": "collapsed by step 500", "gaussian": "it is singular"}
    folder.update_manifest(left_out=reasons)
    found = left_out.section(table_of(folder))
    assert found.text == (
        "Left out: member 2: collapsed by step 500\nLeft out: gaussian: it is singular\n"
    )
    assert found.entries == {"left_out": reasons}
    (pairs,) = found.blocks
    assert dict(pairs.values) == reasons
