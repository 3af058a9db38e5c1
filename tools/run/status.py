"""What the files of a run folder say of the run: what is done, going on, and missing."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.errors import InputError
from tools.run.checkpoints import newest_step
from tools.run.manifest import DataSets, Manifest
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.training_history import described, read_history


def run_status(path: str | Path) -> str:
    """Lines for a person, of a run or of all its splits. Nothing is written or locked for long.

    Raises:
        InputError: The folder holds no run, or its manifest is damaged.
    """
    splits = [manifest.parent for manifest in Path(path).glob("split-*/manifest.json")]
    splits.sort(key=lambda split: (len(split.name), split.name))  # split-10 after split-9
    folders = [RunFolder(folder) for folder in splits or [path]]
    return "\n".join(line for folder in folders for line in _lines(folder)) + "\n"


def time_left(steps: int, steps_per_second: float) -> str:
    """How long some steps take, as hours:minutes:seconds."""
    return str(datetime.timedelta(seconds=round(steps / steps_per_second)))


def _lines(folder: RunFolder) -> Iterator[str]:
    manifest = folder.find_manifest()
    if manifest is None:
        raise InputError(f"--model_dir={folder.path} holds no run: no manifest.json")
    yield f"{folder.path}: {_state(folder, manifest)}"
    settings = manifest.known_settings
    total = settings.max_steps + settings.extra_steps
    for ensemble in (folder, *map(RunFolder, sorted(folder.path.glob("background-*")))):
        for member in range(settings.num_models):
            name = f"member {member}" if ensemble is folder else f"{ensemble.path.name}/{member}"
            yield f"  {name}: {_member(ensemble.member(member), total)}"
    if sets := _sets(manifest.datasets):
        scored = [name for name in sets if folder.scores(name).exists()]
        missing = [name for name in sets if name not in scored]
        yield f"  scored: {', '.join(scored) or 'nothing'}"
        if missing:
            yield f"  not scored: {', '.join(missing)}"
    for part, seconds in manifest.timings.items():
        yield f"  {part}: {seconds} s, in the last start that came to its end"


def _state(folder: RunFolder, manifest: Manifest) -> str:
    if folder.is_held():
        return f"{manifest.status}; a process is at work"
    if manifest.status == "finished":
        return manifest.status
    return f"stopped at: {manifest.status}; the same command goes on"


def _member(folder: Path, total: int) -> str:
    step = newest_step(folder)
    if step is None:
        return "no checkpoint yet"
    words = ["finished" if step >= total else "unfinished", f"step {step:,} of {total:,}"]
    if records := read_history(folder / "history.jsonl"):
        speed = records[-1].get("steps_per_second", 0)
        words += [described(records[-1]), f"{speed:.1f} steps/s"]
        if step < total and speed > 0:
            words.append(f"{time_left(total - step, speed)} left")
    return ", ".join(words)


def _sets(datasets: DataSets) -> Sequence[str]:
    """Names of the sets that the run scores."""
    if not datasets.in_distribution:
        return ()
    return (datasets.in_distribution, CALIBRATION, *datasets.available, *datasets.altered)
