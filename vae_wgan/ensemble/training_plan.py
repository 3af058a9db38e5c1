"""How the members of an ensemble are trained."""

from typing import NamedTuple


class TrainingPlan(NamedTuple):
    """How to train a member, or all members of an ensemble.

    Attributes:
        seed: Seed of the member; of an ensemble, its root seed.
        max_steps: Training steps after which a member is finished.
        save_every: Steps between saves.
        log_dir: Folder for TensorBoard's events, one below it per member; empty: they go into the
            member's own folder.
        keep: Checkpoints that stay, the newest ones; None: all.
    """

    seed: int
    max_steps: int
    save_every: int
    log_dir: str = ""
    keep: int | None = 2
