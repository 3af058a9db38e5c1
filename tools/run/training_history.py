"""history.jsonl: the course of a member's training, one line per save."""

from collections.abc import Mapping
from pathlib import Path

from tools.errors import InputError
from tools.files.whole_files import parse_json

NO_QUANTITIES = {"step", "learning_rate", "steps_per_second"}


def read_history(path: Path) -> list[dict[str, float]]:
    """The records, each with its `step`, oldest first; none where there is no file.

    Raises:
        InputError: The file is damaged.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        records = [parse_json(line) for line in lines if line]
        if not all(map(_is_record, records)):
            raise ValueError("a line is no record of a step")
        if len({frozenset(record) for record in records}) > 1:
            raise ValueError("its lines have different entries")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it: only the plot of the training needs it"
        ) from error
    return records


def described(record: Mapping[str, float]) -> str:
    """The quantities of a record as text, in the order of their names."""
    names = sorted(record.keys() - NO_QUANTITIES)
    return ", ".join(f"{name} {record[name]:.2f}" for name in names)


def _is_record(value: object) -> bool:
    """Whether it is numbers by name, among them the step."""
    if not isinstance(value, dict) or type(value.get("step")) is not int:
        return False
    return all(type(number) in (int, float) for number in value.values())
