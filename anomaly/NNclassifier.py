"""Supervised baseline on credit-card fraud: a dense network that has seen labelled frauds.

python anomaly/NNclassifier.py --data_dir=data
python anomaly/NNclassifier.py --data_dir=data --model_dir=runs/vae-creditcard-semi-fast

It shows what labels, which the ensembles do without, are worth. With --model_dir its result joins
the tables and the report of that finished run; it has test rows of its own.
"""

import dataclasses
import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.errors import InputError
from tools.run.command_line import run_from_command_line
from tools.run.options import default_data_dir, option


@dataclasses.dataclass(frozen=True)
class ClassifierSettings:
    """Settings of the baseline; each field is a flag with its help text."""

    preset: str = option("fast", "Sets the defaults of the other flags; smoke is for a first look.")
    data_dir: str = option(
        "",
        "Folder of the data sets' files; missing ones are downloaded to it. Empty: $WAIC_DATA_DIR,"
        " else a folder in the user's cache.",
    )
    model_dir: str = option(
        "",
        "Finished run of anomaly_run.py whose report the result joins. Empty: it is only printed.",
    )
    seed: int = option(0, "Seed of the split, the initial weights and the dropout.", at_least=0)
    hidden_layers: int = option(2, "Hidden layers; 0: logistic regression.", at_least=0)
    base_depth: int = option(64, "Units of a hidden layer.", at_least=1)
    dropout: float = option(0.3, "Share of hidden units left out of a training step.", at_least=0)
    learning_rate: float = option(1e-3, "Learning rate of Adam.", above=0)
    batch_size: int = option(1024, "Rows in a training step.", at_least=1)
    max_epochs: int = option(40, "Most epochs.", at_least=1, smoke=2)
    patience: int = option(
        6,
        "Epochs without a rise of the average precision on validation rows before it stops.",
        at_least=1,
    )

    def __post_init__(self) -> None:
        """Checks the dropout and fills in the default folder of the data."""
        if self.dropout >= 1:
            raise InputError(f"--dropout={self.dropout}: must be below 1")
        if not self.data_dir:
            object.__setattr__(self, "data_dir", default_data_dir())


def main() -> None:
    """Trains and tests the network from the command line."""
    run_from_command_line(ClassifierSettings, _run, description=__doc__)


def _run(settings: ClassifierSettings, given: set[str]) -> None:
    from anomaly.supervised.supervised_experiment import (
        run,  # here: it loads pandas, and TensorFlow later
    )

    run(settings)


if __name__ == "__main__":
    main()
