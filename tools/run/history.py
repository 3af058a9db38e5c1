"""history.jsonl: what the training of a member looked like, one line per save."""

import json
from pathlib import Path

from tools.errors import InputError


def read_history(path: Path) -> list[dict[str, float]]:
    """The records, each with its `step`, oldest first; none where there is no file.

    Raises:
        InputError: The file is damaged.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        records = [json.loads(line) for line in lines if line]
        if not all(isinstance(record, dict) and "step" in record for record in records):
            raise ValueError("a line is no record of a step")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it: only the plot of the training needs it"
        ) from error
    return records
