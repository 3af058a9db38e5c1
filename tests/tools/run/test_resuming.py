"""Which run may begin, go on or be deleted in a folder."""

import dataclasses
import json

import pytest

from input_errors import message_of
from tools.run.options import option
from tools.run.resuming import delete_run, open_run, settle_settings
from tools.run.run_folder import RunFolder
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings


@dataclasses.dataclass(frozen=True)
class Settings:
    model_dir: str = option("run", "Run folder.", of_this_start=True)
    preset: str = option("fast", "Sets the other defaults.")
    seed: int = option(0, "Root seed.", shapes_members=True)
    latent_size: int = option(16, "Numbers in a code.", shapes_members=True)
    rate: float = option(0.1, "Rate.", shapes_members=True)
    steps: int | None = option(None, "Steps; empty: by the data.", at_least=1, shapes_members=True)
    kernels: str = option("auto", "Kernels; auto: by the machine.")
    eval_size: int = option(100, "Images scored.")
    keys: tuple[str, ...] = option(("iwae",), "Scores.")
    skip_train: bool = option(False, "Trains nothing.", of_this_start=True)
    delete_existing: bool = option(False, "Deletes an earlier run.", of_this_start=True)


SAVED = Settings(latent_size=4, eval_size=50, keys=("rate", "elbo"), delete_existing=True)
DATA = {"train_dataset": "bars, sha256 12ab"}


@pytest.fixture
def folder(tmp_path):
    """An empty model_dir."""
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


@pytest.fixture
def saved_run(folder):
    """A model_dir with the files of a run of the settings SAVED."""
    open_run(folder, SAVED, DATA)
    for path in ("0/checkpoint-00000001.npz", "11/events/e", "scores/a.npz", "pictures/a.npz",
                 "analysis/metrics.csv", ".lock"):  # fmt: skip
        (folder.path / path).parent.mkdir(parents=True, exist_ok=True)
        (folder.path / path).write_text("of the run")
    return folder


def names_in(folder):
    return {path.name for path in folder.path.iterdir()}


# Whose folder it is


@pytest.mark.parametrize("flags", [{}, {"skip_train": True}, {"delete_existing": True}])
def test_a_folder_of_something_else_is_refused_and_stays_as_it_is(folder, flags):
    (folder.path / "thesis.tex").write_text("years")
    assert "is no run" in message_of(settle_settings, folder, Settings(**flags), set())
    assert "is no run" in message_of(delete_run, folder)
    assert names_in(folder) == {"thesis.tex"}


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", '{"name": "web app"}', '{"settings": 3}', "\udcff"]
)
def test_a_damaged_manifest_or_one_of_something_else_is_named(folder, manifest):
    folder.manifest_path.write_bytes(manifest.encode(errors="surrogateescape"))
    (folder.path / "scores").mkdir()
    for function, *arguments in (
        (settle_settings, folder, Settings(delete_existing=True), set()),
        (open_run, folder, Settings(), DATA),
        (delete_run, folder),
    ):
        assert str(folder.manifest_path) in message_of(function, *arguments)
    assert names_in(folder) == {"manifest.json", "scores"}


def test_a_process_killed_while_it_wrote_the_manifest_spoils_nothing(folder):
    (folder.path / ".lock").write_text("")
    (folder.path / ".manifest.json.123.partial").write_text("{")
    assert settle_settings(folder, Settings(), set()) == Settings()


def test_deletion_takes_the_run_and_nothing_else(saved_run):
    (saved_run.path / "notes.txt").write_text("mine")
    for name in ("1a", "background-music"):
        (saved_run.path / name).mkdir()
    saved_run.background(0.2).member(0).mkdir(parents=True)
    of_hflip = (saved_run.latents, saved_run.strange_places, saved_run.pixels)
    for path in (saved_run.history(500).scores("hflip"), *(of("hflip") for of in of_hflip)):
        path.parent.mkdir(parents=True)
    for path in (saved_run.places(), saved_run.simple_ensemble()):
        path.touch()
    delete_run(saved_run)
    assert names_in(saved_run) == {".lock", "notes.txt", "1a", "background-music"}


def test_deletion_of_nothing_is_no_error(folder):
    delete_run(folder)
    assert names_in(folder) == set()


def test_an_interrupted_deletion_can_be_gone_on_with(saved_run, monkeypatch):
    def fail(path):
        raise OSError("in use")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="in use"):
        patch.setattr("shutil.rmtree", fail)
        delete_run(saved_run)
    delete_run(saved_run)
    assert names_in(saved_run) == {".lock"}


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    message = message_of(settle_settings, RunFolder(tmp_path / "file"), Settings(), set())
    assert "is a file" in message


# What may go on in it


def test_a_new_run_keeps_its_settings_and_skip_train_needs_a_run(folder):
    assert settle_settings(folder, Settings(), set()) == Settings()
    message = message_of(settle_settings, folder, Settings(skip_train=True), {"skip_train"})
    assert str(folder.member(0)) in message
    assert "--skip_train" in message


def test_every_difference_to_saved_members_is_named_and_only_those(saved_run):
    wanted = Settings(latent_size=8, rate=0.2, eval_size=7, keys=("elbo",))
    message = message_of(settle_settings, saved_run, wanted, set())
    assert "latent_size is 4 there, 8 here; rate is 0.1 there, 0.2 here." in message
    assert not any(name in message for name in ("seed", "eval_size", "keys", "preset"))
    same_members = dataclasses.replace(SAVED, eval_size=7, delete_existing=False)
    assert settle_settings(saved_run, same_members, set()) == same_members


def test_a_setting_left_empty_is_that_of_the_saved_run(folder):
    open_run(folder, Settings(steps=7), DATA)
    assert settle_settings(folder, Settings(), set()).steps == 7
    assert "steps is 7 there, 8 here" in message_of(
        settle_settings, folder, Settings(steps=8), set()
    )


def test_with_delete_existing_other_settings_are_welcome(saved_run):
    wanted = Settings(latent_size=8, delete_existing=True)
    assert settle_settings(saved_run, wanted, set()) == wanted


def test_skip_train_takes_the_saved_settings_but_flags_by_hand_win(saved_run):
    asked = Settings(model_dir="moved", eval_size=7, skip_train=True)
    settled = settle_settings(saved_run, asked, {"skip_train", "eval_size", "model_dir"})
    assert settled == Settings(
        model_dir="moved", latent_size=4, keys=("rate", "elbo"), eval_size=7, skip_train=True
    )


def test_skip_train_refuses_flags_by_hand_that_the_members_do_not_have(saved_run):
    asked = Settings(latent_size=16, preset="smoke", skip_train=True)
    message = message_of(settle_settings, saved_run, asked, {"latent_size", "preset", "skip_train"})
    assert "latent_size is 4 there, 16 here" in message
    assert 'preset is "fast" there, "smoke" here' in message


def test_members_of_other_data_are_not_gone_on_with(saved_run):
    before = saved_run.manifest_path.read_bytes()
    message = message_of(open_run, saved_run, SAVED, {"train_dataset": "bars, sha256 ff"})
    assert '"bars, sha256 12ab" there, "bars, sha256 ff" here' in message
    assert saved_run.manifest_path.read_bytes() == before
    open_run(saved_run, SAVED, DATA)


def test_the_manifest_says_what_the_run_is(saved_run):
    manifest = saved_run.manifest()
    assert manifest.settings == json.loads(json.dumps(dataclasses.asdict(SAVED)))
    assert manifest.seeds == {"root": 0}
    assert manifest.status == "started"
    assert {"tensorflow", "numpy"} <= manifest.versions.keys()


# What a stranger's run cannot do


def test_where_to_write_is_never_taken_from_the_manifest(saved_run):
    saved = saved_run.manifest().settings | {"model_dir": "elsewhere", "delete_existing": True}
    saved_run.update_manifest(settings=saved)
    asked = Settings(model_dir="here", skip_train=True)
    settled = settle_settings(saved_run, asked, {"skip_train"})
    assert (settled.model_dir, settled.delete_existing) == ("here", False)
    assert settled.latent_size == 4


@pytest.mark.parametrize("settings_class", [TableSettings, VAESettings, WGANSettings])
def test_places_are_settings_of_this_start(settings_class):
    places = {"model_dir", "data_dir", "log_dir", "output", "score_file"}
    found = {field.name: field.metadata for field in dataclasses.fields(settings_class)}
    for name in found.keys() & (places | {"skip_train", "delete_existing", "status"}):
        assert found[name]["of_this_start"], name


@pytest.mark.parametrize(
    ("name", "value"),
    [("eval_size", "many"), ("eval_size", True), ("rate", "1"), ("keys", "elbo"), ("keys", 1),
     ("preset", None)],
)  # fmt: skip
def test_a_setting_of_another_type_is_named(name, value, saved_run):
    saved_run.update_manifest(settings=saved_run.manifest().settings | {name: value})
    message = message_of(settle_settings, saved_run, Settings(skip_train=True), {"skip_train"})
    assert f"its setting {name} is {value!r}" in message


def test_a_run_keeps_what_another_machine_chose_for_it(folder):
    open_run(folder, dataclasses.replace(SAVED, kernels="wide"), DATA)
    again = dataclasses.replace(SAVED, delete_existing=False)
    assert settle_settings(folder, again, set()).kernels == "wide"
    by_hand = dataclasses.replace(again, kernels="narrow")
    assert settle_settings(folder, by_hand, {"kernels"}).kernels == "narrow"
