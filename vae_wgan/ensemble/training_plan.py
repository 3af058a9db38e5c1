"""The training plan: seed, number of steps and checkpoints."""

from typing import NamedTuple


class TrainingPlan(NamedTuple):
    """How to train a member, or all members of an ensemble.

    Attributes:
        seed: Seed of the member; in the plan of an ensemble, the root seed.
        max_steps: Training steps per member.
        save_every: Steps between checkpoints.
        log_dir: Folder for TensorBoard's events, with a subfolder per member; empty: the events lie
            in the members' folders.
        keep: Number of newest checkpoints to keep; None: all.
    """

    seed: int
    max_steps: int
    save_every: int
    log_dir: str = ""
    keep: int | None = 2
