"""Mutants of a source: one change each, at the right place, and what becomes of them."""

import pytest

from scripts import mutate
from scripts.mutate import mutants_of

AREA = 'def area(r):\n    """Ä 2."""\n    return 3.5 * r**2 if r > 0 else -r\n'
COUNTS = "tools/scores/counts.py"


def test_a_mutant_has_one_operator_or_number_changed():
    lines = {mutant.source.splitlines()[2].strip() for mutant in mutants_of(AREA)}
    assert lines == {
        "return (3.5 / r ** 2) if r > 0 else -r",
        "return 3.5 * (r * 2) if r > 0 else -r",
        "return 3.5 * r**2 if (r >= 0) else -r",
        "return 3.5 * r**2 if r > 0 else (r)",
        "return (4.5) * r**2 if r > 0 else -r",
        "return 3.5 * r**(3) if r > 0 else -r",
        "return 3.5 * r**2 if r > (1) else -r",
    }
    changes = {mutant.change for mutant in mutants_of(AREA)}
    assert "line 3: r**2 -> (r * 2)" in changes


def test_texts_stay_as_they_are():
    assert not list(mutants_of('"""1 + 1"""\nNAME = "a < b"\n'))


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([True, True, True], "0 of 2"),
        ([True, False, True], "1 of 2"),
        ([True, False, False], "2 of 2"),
    ],
)
def test_mutants_are_counted_by_what_their_tests_say(outcomes, line, monkeypatch, capsys):
    seen, answers = [], iter(outcomes)

    def tests_pass(checkout, module):
        seen.append((checkout / module).read_text("utf-8"))
        return next(answers)

    monkeypatch.setattr(mutate, "_pass", tests_pass)
    assert mutate.main(["--count=2", f"--modules={COUNTS}"]) == 0
    original = (mutate.ROOT / COUNTS).read_text("utf-8")
    assert seen[0] == original
    assert len({original, *seen[1:]}) == 3
    assert f"{line} mutants were caught" in capsys.readouterr().out


def test_tests_that_fail_before_anything_is_changed_end_it(monkeypatch, capsys):
    monkeypatch.setattr(mutate, "_pass", lambda checkout, module: False)
    assert mutate.main(["--count=1", f"--modules={COUNTS}"]) == 2
    assert f"the tests of {COUNTS} fail" in capsys.readouterr().err
    assert mutate.main(["--modules=tools/nothing.py"]) == 2


def test_the_copy_has_all_that_tests_read(tmp_path):
    mutate._copy_of_checkout(tmp_path)
    for name in ("setup.py", "README.md", "docs/differences.md", "tests/conftest.py", COUNTS):
        assert (tmp_path / name).read_bytes() == (mutate.ROOT / name).read_bytes()


def test_what_only_looks_for_faults_is_left_alone():
    assert not [*mutants_of("zip(a, b, strict=True)")]


def test_a_decorator_is_no_formula():
    (mutant,) = mutants_of("@lru_cache(maxsize=1)\ndef twice(x):\n    return x + x\n")
    assert mutant.change == "line 3: x + x -> (x - x)"


def test_a_number_that_adding_1_does_not_change_is_left_alone():
    assert not list(mutants_of("LARGEST = 1e37\n"))


def test_the_tests_of_a_module_are_those_that_import_it():
    assert mutate._tests_of("tools/data/corruptions/masks.py") == [
        "tests/tools/data/corruptions/test_masks.py"
    ]
    assert all(map(mutate._tests_of, mutate.FORMULAS))
