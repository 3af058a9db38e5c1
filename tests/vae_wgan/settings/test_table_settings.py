"""Presets of the flags of tables, and the rules that no single flag can check."""

import dataclasses

import pytest

from input_errors import message_of
from parsed_settings import parsed
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.settings.table_settings import BASELINES, MODEL_SCORE_KEYS, TableSettings

OF_2018 = {
    "learning_rate": 0.001,
    "beta": 1.0,
    "max_steps": 5001,
    "latent_size": 16,
    "base_depth": 32,
    "activation": "leaky_relu",
    "batch_size": 32,
    "n_samples": 16,
    "use_NF": True,
    "mixture_components": 100,
    "n_flows": 6,
    "elbo_threshold": 5.0,
    "analytic_kl": False,
    "viz_steps": 500,
    "num_models": 5,
    "likelihood": "bernoulli",
    "train_dataset": "creditcard",
}


def parse(*arguments):
    return parsed(TableSettings, *arguments)[0]


def test_reference_has_the_settings_of_2018():
    settings = dataclasses.asdict(parse("--preset=reference"))
    assert {name: settings[name] for name in OF_2018} == OF_2018


def test_no_flag_is_needed_and_each_model_has_its_scores():
    assert parse().train_dataset == "creditcard"
    assert parse().score_keys == ("combined", "iwae", "rate", "mean_and_variance")
    assert parse("--model=flow").score_keys == ("combined_flow", "log_likelihood")
    known = SCORE_KEYS.keys() | FITTED_SCORES.keys()
    assert {key for keys in MODEL_SCORE_KEYS.values() for key in keys} <= known


def test_folders_of_other_models_and_protocols_differ():
    folders = {parse(flag).model_dir for flag in ("--seed=1", "--model=flow", "--protocol=time")}
    assert len(folders) == 3


def test_all_baselines_have_one_word():
    assert parse("--baselines=all").baselines == BASELINES
    assert parse("--baselines=gaussian").baselines == ("gaussian",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--analytic_kl"], "--analytic_kl needs --use_NF=False"),
        (["--model=flow", "--score_keys=iwae"], "--score_keys=iwae: --model=flow has log_likeli"),
        (["--alerts=492,many"], "--alerts=many"),
        (["--alerts=0"], "--alerts=0"),
        (["--score_file=new.csv"], "--score_file and --output go together"),
        (["--score_file=new.csv", "--output=."], "--output=. is a folder"),
        (["--score_file=new.csv", "--output=a.json"], "its name ends in .csv or .parquet"),
        (["--csv_options=sep=x"], "--csv_options=sep=x: write sep=comma"),
        (["--target_fpr=1"], "--target_fpr=1.0: must be below 1"),
        (["--skip_train", "--delete_existing"], "drop one"),
        (["--train_dataset=no.csv"], "--train_dataset=no.csv"),
        (["--baselines=svm"], "--baselines=svm"),
        (["--protocol=random"], "--protocol=random"),
        (["--drop_copies"], "--drop_copies needs --test_dataset"),
        (["--test_dataset=no.csv"], "--test_dataset=no.csv"),
        (["--test_dataset=creditcard", "--protocol=time"], "--protocol=time splits one table"),
        (["--test_dataset=creditcard", "--num_splits=2"], "--test_dataset is the test"),
        (["--contamination=0.5"], "--contamination=0.5: must be below 0.5"),
    ],
)
def test_flags_that_do_not_fit_are_named(arguments, words):
    assert words in message_of(parse, *arguments)


def test_scoring_a_file_needs_a_trained_run(tmp_path):
    path = tmp_path / "new.csv"
    path.touch()
    arguments = [f"--score_file={path}", "--output=scores.csv"]
    assert "--score_file needs --skip_train" in message_of(parse, *arguments)
    assert parse(*arguments, "--skip_train").score_file == str(path)


def test_steps_and_batch_grow_with_the_table_unless_they_are_given():
    sizes = [parse().sized(rows) for rows in (300, 3000, 10_000, 140_000, 10**6)]
    assert [size.max_steps for size in sizes] == [400, 400, 700, 2619, 3000]
    assert [size.batch_size for size in sizes] == [128, 256, 256, 512, 512]
    assert [size.uses_xla for size in sizes] == [False, False, False, True, True]
    given = parse("--max_steps=50", "--batch_size=7").sized(10**6)
    assert (given.max_steps, given.batch_size) == (50, 7)


def test_only_vaes_of_many_rows_have_flows_in_their_prior_unless_they_are_asked_for():
    flows = [parse(f"--model={model}").sized(rows).flows for model in ("vae", "flow")
             for rows in (20_000, 20_001)]  # fmt: skip
    assert flows == [0, 4, 4, 4]
    assert parse("--n_flows=2").sized(100).flows == 2
    assert parse("--preset=reference").sized(100).flows == 6


def test_a_label_without_its_column_is_refused():
    assert "--normal_label=1 needs --label_column" in message_of(TableSettings, normal_label="1")


def test_an_output_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    output = str(tmp_path / "file" / "more" / "scores.csv")
    new = {"score_file": __file__.replace(".py", ".csv"), "output": output, "skip_train": True}
    assert f"{tmp_path / 'file'} is a file" in message_of(TableSettings, **new)
