import pytest

from input_errors import message_of
from run_folder_fixture import table_of, write_run
from tools.files.whole_files import write_text
from tools.scores.example_names import ExampleName, read_example_names


@pytest.fixture
def run(tmp_path):
    return table_of(write_run(tmp_path), draws=0).run


def test_names_are_read_by_id_and_a_set_may_have_none(run):
    text = 'id,path,copy_of\n7,"a, b.png",\n9,c.png,training/d.png\n'
    write_text(run.folder.examples("near"), text)
    assert read_example_names(run, "near") == {
        7: ExampleName("a, b.png"),
        9: ExampleName("c.png", "training/d.png"),
    }
    assert read_example_names(run, "far") == {}


@pytest.mark.parametrize("text", ["", "id,path\n1,a\n", "id,path,copy_of\nx,a,\n"])
def test_a_damaged_file_is_named(run, text):
    write_text(run.folder.examples("near"), text)
    assert str(run.folder.examples("near")) in message_of(read_example_names, run, "near")
