"""Flags of `anomaly_run.py` beyond those of every run, each with a default per preset."""

import dataclasses
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from tools.data.tables.table_datasets import TABLE_DATASETS, check_table_name
from tools.data.tables.text_format import HEADERS, CsvOptions, parse_csv_options
from tools.errors import InputError
from tools.run.options import option
from tools.scores.floors import TABLE_FLOOR_WORDS
from vae_wgan.settings import vae_options
from vae_wgan.settings.image_settings import ACTIVATIONS
from vae_wgan.settings.score_file_settings import ScoreFileSettings
from vae_wgan.settings.vae_settings import SCORE_KEYS as VAE_SCORE_KEYS

MODEL_SCORE_KEYS = {
    "vae": (*VAE_SCORE_KEYS, "mean_and_variance", "combined"),
    "flow": ("log_likelihood", "combined_flow"),
}
DEFAULT_SCORE_KEYS = {  # the first is the headline
    "vae": ("combined", "iwae", "rate", "mean_and_variance"),
    "flow": ("combined_flow", "log_likelihood"),
}
PROTOCOLS = ("semi", "time", "balanced")
LIKELIHOODS = ("student_t", "gaussian", "bernoulli")
MOST_CONTAMINATION = 0.5
LEAST_STEPS, MOST_STEPS, STEPS_PER_ROOT = 400, 3000, 7.0
BATCHES = ((2000, 128), (20_000, 256))  # at most so many training rows: rows of a step
MOST_ROWS_PER_STEP = 512
ROWS_WORTH_COMPILING = 300_000  # in all steps of a member
MOST_FLOWS = 4  # of a flow model, and of the prior of a VAE
ROWS_WORTH_FLOWS = 20_000  # training rows of a VAE, above which its prior has flows
BASELINES = tuple(TABLE_FLOOR_WORDS)


@dataclasses.dataclass(frozen=True)
class TableSettings(ScoreFileSettings):
    """Settings of one run on a table. Help texts are the flags' documentation."""

    HELP_TITLE: ClassVar[str] = "The table, the members and their scores"

    preset: str = option(
        "fast",
        "Sets the defaults of the other flags. fast: suits two cores; reference: the linear"
        " Bernoulli VAE of 2018; smoke: a first look.",
    )
    train_dataset: str = option(
        "creditcard",
        "The table: creditcard, or the path of your own: text with any separator, .parquet,"
        " .feather, .npz or .xlsx, also packed (.gz, .bz2, .xz, .zst, .zip).",
    )
    test_dataset: str = option(
        "",
        "A second table, to be tested: then the normal rows of train_dataset train and calibrate,"
        " and columns are matched by name. Empty: train_dataset is split.",
        shapes_members=True,
    )
    drop_copies: bool = option(
        False, "Leaves rows of test_dataset out of the test that equal training rows."
    )
    header: str = option(
        "auto",
        "Whether the first row of a text has the names of the columns. auto: found, and shown"
        " before training; without names the columns are c0, c1, ...",
        choices=HEADERS,
    )
    csv_options: tuple[str, ...] = option(
        (),
        "Format of a text, where what is found (and shown before training) is wrong:"
        " 'sep=semicolon,decimal=comma,thousands=point,encoding=latin-1,header=no', or some of"
        " these.",
    )
    label_column: str = option(
        "",
        "Column that tells normal rows from anomalies; members train on normal rows only. Empty:"
        " the label column of a named table; all rows of your own table train and are scored.",
        shapes_members=True,
    )
    normal_label: str = option(
        "0",
        "Value of label_column in normal rows; rows with any other value are anomalies.",
        shapes_members=True,
    )
    time_column: str = option(
        "",
        "Column of seconds or dates, of which members see the hour of the day. Empty: the time"
        " column of a named table; none of your own table.",
        shapes_members=True,
    )
    absolute_time: bool = option(
        False, "Members see the time itself too, beside the hour of the day.", shapes_members=True
    )
    drop_columns: tuple[str, ...] = option(
        (), "Columns to hide from the members, such as row numbers.", shapes_members=True
    )
    keep_columns: tuple[str, ...] = option(
        (),
        "Columns to show to the members although they look like row numbers or ids.",
        shapes_members=True,
    )
    contamination: float = option(
        0.0,
        "Share of the training rows that are anomalies: so many, the most anomalous by the simple"
        " detectors, are left out of the training and of the calibration.",
        at_least=0,
        shapes_members=True,
    )
    protocol: str = option(
        "semi",
        "Which rows members train on. semi: half of the normal rows; time: the normal rows of the"
        " first half of the days; balanced: all normal rows but as many as there are anomalies. A"
        " tenth of them is kept for calibration. All other rows and the anomalies are tested; with"
        " time, only those of the later days.",
        choices=PROTOCOLS,
        shapes_members=True,
    )
    num_splits: int = option(
        1,
        "Number of seeded splits, each a run of its own in model_dir/split-K; the table then shows"
        " means and standard deviations over them.",
        at_least=1,
    )

    model_dir: str = option(
        "",
        "Folder of the run. Empty: runs/MODEL-TRAIN_DATASET-PROTOCOL-PRESET in the current folder.",
        of_this_start=True,
    )

    model: str = option(
        "vae",
        "Kind of members. vae: variational autoencoders; flow: masked autoregressive flows on the"
        " features.",
        choices=tuple(MODEL_SCORE_KEYS),
        shapes_members=True,
    )
    latent_size: int = vae_options.latent_size()
    base_depth: int = option(
        128, "Units per hidden layer.", at_least=1, shapes_members=True, reference=32
    )
    hidden_layers: int = option(
        2,
        "Hidden layers of each network; 0: linear networks.",
        at_least=0,
        shapes_members=True,
        reference=0,
    )
    activation: str = option(
        "silu",
        "Activation function of the hidden layers.",
        choices=ACTIVATIONS,
        shapes_members=True,
        reference="leaky_relu",
    )
    likelihood: str = option(
        "student_t",
        "Distribution p(x|z) of the features given the latent code of a VAE.",
        choices=LIKELIHOODS,
        shapes_members=True,
        reference="bernoulli",
    )
    use_NF: bool = vae_options.use_nf()  # noqa: N815  the name of 2018
    n_flows: int | None = option(
        None,
        "Number of flows in the prior of a VAE, or in a flow model. Empty: 4; of a VAE with at most"
        " 20,000 training rows none, which makes the prior a standard normal distribution.",
        at_least=0,
        shapes_members=True,
        reference=6,
    )
    mixture_components: int = vae_options.mixture_components()
    analytic_kl: bool = vae_options.analytic_kl()

    feature_noise: float = option(
        0.1,
        "Standard deviation of the normal noise added to encoded training rows; it smooths the"
        " density, in which repeated values would otherwise become spikes.",
        at_least=0,
        shapes_members=True,
        reference=0.0,
    )

    max_steps: int | None = option(
        None,
        "Training steps per member. Empty: by the number of training rows, 400 to 3,000.",
        at_least=1,
        shapes_members=True,
        reference=5001,
        smoke=200,
    )
    batch_size: int | None = option(
        None,
        "Rows in one training step of a member. Empty: by the number of training rows, 128 to 512.",
        at_least=1,
        shapes_members=True,
        reference=32,
    )
    train_samples: int = vae_options.train_samples("row")
    learning_rate: float = vae_options.learning_rate(2e-3, reference=1e-3)
    beta: float = vae_options.beta()
    viz_steps: int = option(
        500, "Training steps between checkpoints and log entries.", at_least=1, smoke=100
    )
    compile: bool = option(
        True,
        "Compiles training and scoring with XLA, where the training is long enough for compiling to"
        " pay.",
    )

    history: bool = option(
        False,
        "Keeps every checkpoint, scores each on at most 200 rows per set, and plots AUROC, mean"
        " score and ensemble variance against the training step.",
    )
    eval_size: int | None = option(
        None,
        "Rows to score per set, at most, chosen at random. Empty: all.",
        at_least=1,
        smoke=2000,
    )
    n_samples: int = option(8, "Samples of z per row in scoring.", at_least=1, reference=16)
    score_keys: tuple[str, ...] = option(
        (),
        "Scores in the tables and plots; the score files have all. Empty: combined, iwae,"
        " rate and mean_and_variance of a VAE, combined_flow and log_likelihood of a flow. The"
        " first of each joins nearest rows, a Gaussian mixture and marginals with the members.",
    )
    alerts: tuple[str, ...] = option(
        ("492", "1000"), "Numbers of alerts for which recall and precision are reported."
    )
    baselines: tuple[str, ...] = option(
        ("gaussian", "knn", "isolation_forest"),
        "Simple detectors to compare with on the same rows; all: every known one; empty: none."
        " Those that compare rows with one another learn from at most 20,000 random training"
        " rows.",
        choices=("all", *BASELINES),
    )
    bootstrap: int = option(
        500, "Bootstrap draws behind a confidence interval; 0: no intervals.", at_least=0, smoke=200
    )
    elbo_threshold: float | None = vae_options.elbo_threshold("rows")

    explain: bool = option(
        False,
        "Names in output the three columns that add most to the score of each flagged row of"
        " score_file, in nats of the members' -log p(x).",
        of_this_start=True,
    )
    strict_data: bool = option(
        False,
        "Ends with an error where a row of score_file cannot be scored, instead of a line that"
        " says why.",
        of_this_start=True,
    )

    @property
    def text_options(self) -> CsvOptions:
        """The format of text files, by the flags `csv_options` and `header`."""
        return parse_csv_options(self.csv_options, self.header)

    @property
    def total_steps(self) -> int:
        """Training steps per member."""
        return self.max_steps or MOST_STEPS

    @property
    def rows_per_step(self) -> int:
        """Rows in one training step of a member."""
        return self.batch_size or MOST_ROWS_PER_STEP

    @property
    def flows(self) -> int:
        """Flows in the prior of a VAE, or in a flow model."""
        return MOST_FLOWS if self.n_flows is None else self.n_flows

    @property
    def uses_xla(self) -> bool:
        """Whether XLA compiles: that takes as long as training without it on so many rows."""
        return self.compile and self.total_steps * self.rows_per_step >= ROWS_WORTH_COMPILING

    def sized(self, training_examples: int) -> Self:
        """The settings with steps, batch and flows by the number of training rows, where empty.

        More steps on few rows lower the likelihood of others, and a flow in the prior of few takes
        most of the time for nothing.
        """
        count = training_examples
        steps = int(np.clip(STEPS_PER_ROOT * count**0.5, LEAST_STEPS, MOST_STEPS))
        rows = next((size for most, size in BATCHES if count <= most), MOST_ROWS_PER_STEP)
        flows = 0 if self.model == "vae" and count <= ROWS_WORTH_FLOWS else MOST_FLOWS
        return dataclasses.replace(
            self,
            max_steps=self.max_steps or steps,
            batch_size=self.batch_size or rows,
            n_flows=flows if self.n_flows is None else self.n_flows,
        )

    @property
    def scoring_samples(self) -> int:
        """Samples of z per row in scoring."""
        return self.n_samples

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in dependent defaults."""
        super().__post_init__()
        vae_options.check_analytic_kl(self)
        if not self.score_file:  # to score new rows the run's folder is enough
            check_table_name("train_dataset", self.train_dataset)
            self._check_test()
        parse_csv_options(self.csv_options)
        if self.normal_label != TableSettings.normal_label and not self.label_column:
            raise InputError(f"--normal_label={self.normal_label} needs --label_column")
        if self.score_file:
            check_table_name("score_file", self.score_file)
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

    def _check_test(self) -> None:
        if self.contamination >= MOST_CONTAMINATION:
            raise InputError(
                f"--contamination={self.contamination}: must be below {MOST_CONTAMINATION}"
            )
        is_unlabelled = not self.label_column and self.train_dataset not in TABLE_DATASETS
        if self.num_splits > 1 and (self.test_dataset or is_unlabelled):
            why = "--test_dataset is the test" if self.test_dataset else "there are no labels"
            raise InputError(f"--num_splits={self.num_splits} splits labelled rows, and {why}")
        if not self.test_dataset:
            if self.drop_copies:
                raise InputError("--drop_copies needs --test_dataset")
            return
        check_table_name("test_dataset", self.test_dataset)
        if self.protocol != TableSettings.protocol:
            raise InputError(f"--protocol={self.protocol} splits one table; drop --test_dataset")
