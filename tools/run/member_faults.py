"""faults.json in a member's folder: why its training failed, once per attempt.

A member that fails is trained once more, from another seed. If that fails too, it is left out of
the ensemble.
"""

from pathlib import Path

from tools.errors import InputError
from tools.files.whole_files import parse_json, write_json
from tools.run.checkpoints import checkpoints_by_step
from tools.run.run_folder import RunFolder

MOST_ATTEMPTS = 2
_NAME = "faults.json"


def faults_of(member_dir: Path) -> list[str]:
    """Why each attempt so far has failed, the oldest first; empty: none has.

    Raises:
        InputError: The file is damaged.
    """
    path = member_dir / _NAME
    try:
        faults = parse_json(path.read_text("utf-8"))
        if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
            raise ValueError("it is no list of texts")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete the folder {member_dir} to train it again"
        ) from error
    return faults


def add_fault(member_dir: Path, fault: str) -> None:
    """Records that an attempt has failed, and deletes its checkpoints and history.

    The files go first: a process that is killed in between trains to the same fault again.
    """
    faults = [*faults_of(member_dir), fault]
    for path in (*checkpoints_by_step(member_dir).values(), member_dir / "history.jsonl"):
        path.unlink(missing_ok=True)
    write_json(member_dir / _NAME, faults)


def is_left_out(member_dir: Path) -> bool:
    """Whether all attempts of the member have failed."""
    return len(faults_of(member_dir)) >= MOST_ATTEMPTS


def working_members(folder: RunFolder, num_models: int) -> list[int]:
    """Numbers of the members that are not left out of the ensemble."""
    return [index for index in range(num_models) if not is_left_out(folder.member(index))]


def faults_in_words(folder: RunFolder, num_models: int) -> tuple[dict[str, str], dict[str, str]]:
    """Why members were restarted, and why members are left out, by "member NUMBER"."""
    restarted, left_out = {}, {}
    for index in range(num_models):
        faults = faults_of(folder.member(index))
        if len(faults) >= MOST_ATTEMPTS:
            left_out[f"member {index}"] = f"it {faults[-1]}, and before: it {faults[0]}"
        elif faults:
            restarted[f"member {index}"] = faults[0]
    return restarted, left_out
