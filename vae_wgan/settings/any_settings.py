"""Interface of all settings classes: the settings that `Run` reads."""

from typing import Protocol, Self


class AnySettings(Protocol):
    """Settings of a run of any kind of model; see RunSettings for their meaning."""

    seed: int
    num_models: int
    viz_steps: int
    score_keys: tuple[str, ...]
    compile: bool
    ddof: int
    target_fpr: float
    baselines: tuple[str, ...]

    model_dir: str
    log_dir: str
    delete_existing: bool
    skip_train: bool
    history: bool

    launcher: str
    launcher_address: str
    members_at_once: int
    cpus_per_member: int
    gpus_per_member: float
    task_retries: int

    def sized(self, training_examples: int) -> Self:
        """The settings with those left empty chosen by the size of the training set."""

    def on_processor(self, processor: str) -> Self:
        """The settings with what was left open chosen for this processor, one of PROCESSORS."""

    @property
    def total_steps(self) -> int:
        """Training steps per member."""

    @property
    def scoring_samples(self) -> int:
        """Samples of noise per example in scoring."""

    @property
    def pixel_likelihood(self) -> str:
        """Name of the pixel likelihood p(x|z); "none": there is no decoder of images."""
