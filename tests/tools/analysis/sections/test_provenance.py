"""Sections that tell where the numbers come from: settings, versions, checksums, missing sets."""

from run_folder_fixture import change_manifest, table_of, write_run
from tools.analysis.sections import flags, missing_sets, provenance


def test_what_the_manifest_says_is_told(tmp_path):
    folder = write_run(tmp_path)
    words, folded = provenance.section(table_of(folder)).blocks
    entries, checksums = folded.blocks
    assert entries.values["versions.numpy"] == "2.4.6"
    assert entries.values["timings.training"] == 12.5
    assert entries.values["git_commit"] is None
    assert "settings" not in entries.values
    assert checksums.values["near"] == "ab" * 32
    assert "bernoulli on grey values in [0, 1] is not a normalised density" in words.words
    folder.update_manifest(likelihood="continuous_bernoulli")
    words, *_ = provenance.section(table_of(folder)).blocks
    assert "continuous_bernoulli is a normalised density" in words.words


def test_nested_entries_are_told_by_their_path():
    nested = {"a": {"b": {"c": 1}, "d": 2}, "e": {}, "f": 3}
    assert provenance.flat(nested) == {"a.b.c": 1, "a.d": 2, "f": 3}


def test_flags_are_those_of_the_run_and_of_the_analysis(tmp_path):
    (folded,) = flags.section(table_of(write_run(tmp_path), draws=7)).blocks
    of_run, analysis = folded.blocks
    assert of_run.values["train_dataset"] == "digits"
    assert analysis.values == {
        "score_keys": "iwae, rate", "bootstrap": 7, "seed": 0, "ddof of the variance": 0
    }  # fmt: skip


def test_missing_sets_are_listed_with_the_reason(tmp_path):
    folder = write_run(tmp_path)
    found = missing_sets.section(table_of(folder))
    assert found.blocks[0].values == found.entries["missing"] == {"lost": "no source answered"}
    change_manifest(folder, missing={})
    found = missing_sets.section(table_of(folder))
    assert "None: every OoD set" in found.blocks[0].words
    assert found.entries == {"missing": {}}
