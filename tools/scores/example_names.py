"""Which file each scored example is, where examples are files: examples/SET.csv of a run."""

import csv
from typing import NamedTuple

from tools.errors import InputError
from tools.scores.finished_run import FinishedRun

COLUMNS = ("id", "path", "copy_of")


class ExampleName(NamedTuple):
    """Names of an example.

    Attributes:
        path: Its file, below the folder of the set; empty: it is no file.
        copy_of: SET/PATH of an example that it is a copy of, or nearly; empty: of none.
    """

    path: str = ""
    copy_of: str = ""


def read_example_names(run: FinishedRun, dataset: str) -> dict[int, ExampleName]:
    """The names of a set's examples by id; empty where they are no files.

    Raises:
        InputError: The file is damaged.
    """
    path = run.folder.examples(dataset)
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise ValueError("other columns")
            return {int(row["id"]): ExampleName(row["path"], row["copy_of"]) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise InputError(f"{path} is damaged; delete it and run with --skip_train=True") from error
