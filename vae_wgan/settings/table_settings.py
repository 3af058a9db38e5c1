"""Settings of `anomaly_run.py`: every flag with its value in each preset."""

import dataclasses
import os
from pathlib import Path
from typing import ClassVar

from tools.data.tables.table_datasets import check_table_name
from tools.errors import InputError
from tools.run.options import option
from vae_wgan.settings.image_settings import ACTIVATIONS
from vae_wgan.settings.run_settings import RunSettings
from vae_wgan.settings.vae_settings import SCORE_KEYS as VAE_SCORE_KEYS
from vae_wgan.settings.vae_settings import check_analytic_kl

MODEL_SCORE_KEYS = {
    "vae": (*VAE_SCORE_KEYS, "mean_and_variance"),
    "flow": ("log_likelihood",),
}
DEFAULT_SCORE_KEYS = {"vae": ("iwae", "rate", "mean_and_variance"), "flow": ("log_likelihood",)}
PROTOCOLS = ("semi", "time", "balanced")
LIKELIHOODS = ("student_t", "gaussian", "bernoulli")
BASELINES = (
    "isolation_forest",
    "local_outlier_factor",
    "gaussian",
    "gaussian_mixture",
    "elliptic_envelope",
    "pca_reconstruction",
)


@dataclasses.dataclass(frozen=True)
class TableSettings(RunSettings):
    """Settings of one run on a table. Help texts are the flags' documentation."""

    HELP_TITLE: ClassVar[str] = "The table, the members and their scores"

    preset: str = option(
        "fast",
        "Sets the defaults of the other flags. fast: made for two cores; reference: the linear"
        " Bernoulli VAE of 2018; smoke: a first look.",
    )
    train_dataset: str = option(
        "creditcard",
        "The table: creditcard, or the path of an own one (.csv, .csv.gz, .parquet, .npz).",
    )
    label_column: str = option(
        "",
        "Column that tells normal rows from anomalies; both are tested, only normal rows train."
        " Empty: that of a named table; an own one then has normal rows only.",
        shapes_members=True,
    )
    normal_label: str = option(
        "0",
        "Value of label_column in normal rows; every other one is an anomaly.",
        shapes_members=True,
    )
    time_column: str = option(
        "",
        "Column of seconds or of dates; members see the hour of the day instead of it. Empty: that"
        " of a named table; none of an own one.",
        shapes_members=True,
    )
    absolute_time: bool = option(
        False, "Members see the time itself beside the hour of the day.", shapes_members=True
    )
    drop_columns: tuple[str, ...] = option(
        (), "Columns that members do not see, such as row numbers.", shapes_members=True
    )
    protocol: str = option(
        "semi",
        "Which rows train. semi: half of the normal ones; time: the normal ones of the first half"
        " of the days; balanced: all normal ones but as many as there are anomalies. A tenth of"
        " them is held out for calibration; all others and the anomalies are tested.",
        choices=PROTOCOLS,
        shapes_members=True,
    )
    num_splits: int = option(
        1,
        "Seeded splits, each a run of its own in model_dir/split-K; the table then has means and"
        " spreads over them.",
        at_least=1,
    )

    model_dir: str = option(
        "",
        "Run folder. Empty: runs/MODEL-TRAIN_DATASET-PROTOCOL-PRESET in the current folder.",
        of_this_start=True,
    )

    model: str = option(
        "vae",
        "What the members are. vae: variational autoencoders; flow: masked autoregressive flows on"
        " the features themselves.",
        choices=tuple(MODEL_SCORE_KEYS),
        shapes_members=True,
    )
    latent_size: int = option(16, "Numbers in one latent code z.", at_least=1, shapes_members=True)
    base_depth: int = option(
        128, "Units of a hidden layer.", at_least=1, shapes_members=True, reference=32
    )
    hidden_layers: int = option(
        2,
        "Hidden layers of each network; 0: linear ones.",
        at_least=0,
        shapes_members=True,
        reference=0,
    )
    activation: str = option(
        "silu",
        "Of the hidden layers.",
        choices=ACTIVATIONS,
        shapes_members=True,
        reference="leaky_relu",
    )
    likelihood: str = option(
        "student_t",
        "p(x|z) of a VAE.",
        choices=LIKELIHOODS,
        shapes_members=True,
        reference="bernoulli",
    )
    use_NF: bool = option(  # noqa: N815  the name of 2018
        True,
        "Prior of masked autoregressive flows; False: a mixture of diagonal normals.",
        shapes_members=True,
    )
    n_flows: int = option(
        4,
        "Flows in the prior, or in a flow model.",
        at_least=0,
        shapes_members=True,
        reference=6,
    )
    mixture_components: int = option(
        100,
        "Components of the mixture prior; 1: the standard normal.",
        at_least=1,
        shapes_members=True,
    )
    analytic_kl: bool = option(
        False,
        "Takes the rate in closed form; needs --use_NF=False --mixture_components=1.",
        shapes_members=True,
    )

    feature_noise: float = option(
        0.1,
        "Standard deviation of the normal noise on training rows, in that of a feature: it smooths"
        " the density, where repeated values would otherwise become spikes.",
        at_least=0,
        shapes_members=True,
        reference=0.0,
    )

    max_steps: int = option(
        3000,
        "Training steps of a member.",
        at_least=1,
        shapes_members=True,
        reference=5001,
        smoke=200,
    )
    batch_size: int = option(
        512, "Rows in a training step.", at_least=1, shapes_members=True, reference=32
    )
    train_samples: int = option(
        1,
        "Samples of z per row in a training step.",
        at_least=1,
        shapes_members=True,
        reference=16,
    )
    learning_rate: float = option(
        2e-3,
        "Of Adam at the first step; falls to 0 at max_steps along a cosine.",
        above=0,
        shapes_members=True,
        reference=1e-3,
    )
    beta: float = option(1.0, "Weight of the rate in the loss.", at_least=0, shapes_members=True)
    viz_steps: int = option(
        500, "Training steps between checkpoints and log entries.", at_least=1, smoke=100
    )
    compile: bool = option(True, "Compiles training and scoring with XLA.")

    history: bool = option(
        False,
        "Keeps every checkpoint, scores each on 200 rows per set at most, and plots AUROC, mean"
        " score and ensemble variance against the step.",
    )
    eval_size: int | None = option(
        None, "Rows scored per set, chosen at random. Empty: all.", at_least=1, smoke=2000
    )
    n_samples: int = option(8, "Samples of z per row in scoring.", at_least=1, reference=16)
    score_keys: tuple[str, ...] = option(
        (),
        "Scores in the tables and plots; all are in the score files. Empty: iwae, rate and"
        " mean_and_variance of a VAE, log_likelihood of a flow.",
    )
    alerts: tuple[str, ...] = option(
        ("492", "1000"), "Numbers of alerts at which recall and precision are told."
    )
    baselines: tuple[str, ...] = option(
        (),
        "Detectors of scikit-learn in the same table, on the same rows; all: every one. The outlier"
        " factor, the mixture and the envelope learn from 20,000 drawn training rows at most.",
        choices=("all", *BASELINES),
    )
    bootstrap: int = option(
        500, "Draws behind an interval; 0: no intervals.", at_least=0, smoke=200
    )
    elbo_threshold: float | None = option(
        None,
        "Counts the rows whose ELBO, averaged over members, lies below minus this many nats.",
        at_least=0,
        reference=5.0,
    )

    score_file: str = option(
        "",
        "Scores the rows of this table with the trained members, and does nothing else.",
        of_this_start=True,
    )
    output: str = option("", "Where the scores of score_file go; .csv.", of_this_start=True)
    target_fpr: float = option(
        0.01, "Rows of score_file are flagged when their p-value is not above this share.", above=0
    )

    @property
    def total_steps(self) -> int:
        """Training steps of a member."""
        return self.max_steps

    def __post_init__(self):
        """Checks what no single flag can, and fills in what depends on other flags."""
        super().__post_init__()
        check_analytic_kl(self)
        check_table_name("train_dataset", self.train_dataset)
        if self.normal_label != TableSettings.normal_label and not self.label_column:
            raise InputError(f"--normal_label={self.normal_label} needs --label_column")
        self._check_scoring()
        for count in self.alerts:
            if not count.isdecimal() or int(count) == 0:
                raise InputError(f"--alerts={count}: write whole numbers above 0, as 492,1000")
        self._fill_in("score_keys", DEFAULT_SCORE_KEYS[self.model], placeholder=())
        for key in self.score_keys:
            if key not in MODEL_SCORE_KEYS[self.model]:
                known = ", ".join(MODEL_SCORE_KEYS[self.model])
                raise InputError(f"--score_keys={key}: --model={self.model} has {known}")
        name = Path(self.train_dataset).name.partition(".")[0]
        self._fill_in("model_dir", f"runs/{self.model}-{name}-{self.protocol}-{self.preset}")
        if "all" in self.baselines:
            object.__setattr__(self, "baselines", BASELINES)

    def _check_scoring(self) -> None:
        if bool(self.score_file) != bool(self.output):
            raise InputError("--score_file and --output go together: rows to score, and where to")
        if os.path.isdir(self.output):
            raise InputError(f"--output={self.output} is a folder; name a file, as scores.csv")
        above = next(part for part in Path(self.output).absolute().parents if part.exists())
        if not above.is_dir():
            raise InputError(f"--output={self.output}: {above} is a file, no folder")
        if self.score_file:
            check_table_name("score_file", self.score_file)
            if self.launcher != "local" or self.members_at_once > 1:
                raise InputError(
                    "--score_file scores in one process: drop --launcher and --members_at_once"
                )
            if not self.skip_train:
                raise InputError(
                    "--score_file needs --skip_train: it uses members that are trained"
                )
        if self.target_fpr >= 1:
            raise InputError(f"--target_fpr={self.target_fpr}: must be below 1")
