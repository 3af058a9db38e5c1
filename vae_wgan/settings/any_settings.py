"""What every settings class has: all that the story of a run reads of them."""

from typing import Protocol


class AnySettings(Protocol):
    """Settings of a run of any kind of model; the classes beside this file say what they mean."""

    seed: int
    num_models: int
    viz_steps: int
    score_keys: tuple[str, ...]
    compile: bool
    ddof: int

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

    @property
    def total_steps(self) -> int:
        """Training steps of a member."""

    @property
    def scoring_samples(self) -> int:
        """Draws of noise per example in scoring."""

    @property
    def pixel_likelihood(self) -> str:
        """The likelihood of a decoder's values, or none."""
