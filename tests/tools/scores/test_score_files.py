import numpy as np
import pytest

from input_errors import message_of
from tools.errors import InputError
from tools.scores.score_files import is_current, open_scores, read_scores, write_scores

SCORES = {"iwae": np.float32([[-1, -2, -3], [-4, -5, -6]]), "rate": np.float32(np.eye(2, 3))}
IDS = np.array([3, 5, 9])
PROVENANCE = {"seed": 0, "checkpoints": ["aa", "bb"], "n_samples": 16}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scores" / "letters.npz"
    write_scores(path, SCORES, IDS, PROVENANCE)
    return path


def test_what_is_read_is_what_was_written(path):
    file = read_scores(path)
    assert sorted(file.scores) == ["iwae", "rate"]
    for key, values in SCORES.items():
        np.testing.assert_array_equal(file.scores[key], values)
        assert file.scores[key].dtype == np.float32
    np.testing.assert_array_equal(file.ids, IDS)
    assert file.ids.dtype == np.int64
    assert file.provenance == PROVENANCE
    assert file.n_members == 2


def test_the_same_content_gives_the_same_bytes(path, tmp_path):
    turned = dict(reversed(SCORES.items()))
    write_scores(tmp_path / "again.npz", turned, IDS, dict(reversed(PROVENANCE.items())))
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_a_file_is_current_for_its_own_provenance_only(path):
    assert is_current(path, PROVENANCE)
    assert is_current(path, dict(reversed(PROVENANCE.items())))
    assert not is_current(path, PROVENANCE | {"n_samples": 17})
    assert not is_current(path, PROVENANCE | {"background": 0.2})
    assert not is_current(path.with_name("other.npz"), PROVENANCE)


def test_a_file_to_which_scores_were_added_is_current_for_what_it_was_made_from_first(path):
    write_scores(path, SCORES, IDS, PROVENANCE | {"background": 0.2})
    assert is_current(path, PROVENANCE)
    assert not is_current(path, PROVENANCE | {"background": 0.3})


def test_a_file_is_current_if_it_holds_what_is_needed_or_more(path):
    assert is_current(path, PROVENANCE, {"iwae"})
    assert is_current(path, PROVENANCE, {"iwae", "rate"})
    assert not is_current(path, PROVENANCE, {"iwae", "elbo"})
    assert not is_current(path, PROVENANCE, {"rat"})
    assert not is_current(path, PROVENANCE, {"rate."})


def test_a_name_that_ends_in_a_dot_stands_for_any_that_begin_with_it(path):
    write_scores(path, SCORES | {"norm.kernel": SCORES["rate"]}, IDS, PROVENANCE)
    assert is_current(path, PROVENANCE, {"norm."})
    assert not is_current(path, PROVENANCE, {"norm.kernel."})


def test_a_missing_file_is_named(path):
    with pytest.raises(InputError, match=r"other\.npz is missing; .*--skip_train"):
        read_scores(path.with_name("other.npz"))


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_named(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"letters\.npz is damaged .* delete it"):
        read_scores(path)
    assert not is_current(path, PROVENANCE)


def test_a_flipped_bit_is_noticed(path):
    content = bytearray(path.read_bytes())
    content[content.index(SCORES["iwae"].tobytes()) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"letters\.npz is damaged"):
        read_scores(path)


@pytest.mark.parametrize("content", [b"no archive at all", b"\x93NUMPY\x01\x00"])
def test_another_kind_of_file_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"letters\.npz is damaged"):
        read_scores(path)


def arrays(**changes):
    whole = {"iwae": SCORES["iwae"], "ids": IDS, "provenance": np.array("{}")}
    return {name: array for name, array in (whole | changes).items() if array is not None}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (arrays(ids=None), "damaged"),
        (arrays(provenance=None), "damaged"),
        (arrays(provenance=np.array("{")), "damaged"),
        (arrays(iwae=None), "holds no scores"),
        (arrays(rate=np.zeros((2, 4), np.float32)), "one common shape"),
        (arrays(iwae=np.zeros(3, np.float32)), "one common shape"),
        (arrays(iwae=np.zeros((0, 3), np.float32)), "one common shape"),
        (arrays(iwae=np.zeros((2, 3))), "must be float32"),
        (arrays(ids=np.zeros(3)), "must be float32 and the ids int64"),
        (arrays(ids=np.arange(4)), "ids for 3 examples"),
        (arrays(ids=np.array([3, 5, 3])), "an id twice"),
    ],
)
def test_arrays_that_are_no_scores_are_refused(path, content, fault):
    np.savez(path, **content)
    with pytest.raises(InputError, match=rf"letters\.npz.*{fault}"):
        read_scores(path)


def test_pickled_objects_are_refused(path):
    np.savez(path, allow_pickle=True, **arrays(iwae=np.array([[{}]])))
    with pytest.raises(InputError, match="damaged"):
        read_scores(path)


def test_an_array_file_under_the_name_is_refused(path):
    with open(path, "wb") as file:
        np.save(file, SCORES["iwae"])
    with pytest.raises(InputError, match="damaged"):
        read_scores(path)


@pytest.mark.parametrize(
    ("scores", "ids"),
    [({}, IDS), ({"iwae": np.zeros((2, 4))}, IDS), ({"ids": np.zeros((2, 3))}, IDS)],
)
def test_what_could_not_be_read_is_not_written(tmp_path, scores, ids):
    with pytest.raises(ValueError, match=r"x\.npz"):
        write_scores(tmp_path / "x.npz", scores, ids, {})
    assert list(tmp_path.iterdir()) == []


def test_opened_scores_are_those_of_the_file_and_kept_by_nobody(tmp_path):
    path = tmp_path / "digits.npz"
    scores = {key: np.full((2, 3), index, np.float32) for index, key in enumerate(("elbo", "iwae"))}
    write_scores(path, scores, np.arange(3), {"seed": 0})
    opened = open_scores(path)
    assert list(opened.scores) == ["elbo", "iwae"]
    for key, values in scores.items():
        np.testing.assert_array_equal(opened.scores[key], values)
    assert opened.scores["iwae"] is not opened.scores["iwae"]
    assert "ids" not in opened.scores
    with pytest.raises(KeyError, match="ids"):
        opened.scores["ids"]
    assert opened.n_members == 2


def test_opened_scores_hold_no_file_open(tmp_path):
    path = tmp_path / "digits.npz"
    write_scores(path, {"iwae": np.zeros((2, 3))}, np.arange(3), {})
    opened = open_scores(path)
    path.unlink()
    assert "is missing" in message_of(lambda: opened.scores["iwae"])
