"""--status: what a run has done, what is going on and what is missing, by its files."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.errors import InputError
from tools.run.checkpoints import newest_step
from tools.run.manifest import DataSets, Manifest
from tools.run.member_faults import faults_of, is_left_out
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.training_history import described, read_history


def run_status(path: str | Path) -> str:
    """Status of a run, or of all its splits, as lines of text. Nothing is written.

    Raises:
        InputError: The folder holds no run, or its manifest is damaged.
    """
    splits = [manifest.parent for manifest in Path(path).glob("split-*/manifest.json")]
    splits.sort(key=lambda split: (len(split.name), split.name))  # split-10 after split-9
    run_folders = [RunFolder(folder) for folder in splits or [Path(path)]]
    return "\n".join(line for each in run_folders for line in _lines(each)) + "\n"


def time_left(steps: int, steps_per_second: float) -> str:
    """How long some steps take, as hours:minutes:seconds."""
    return str(datetime.timedelta(seconds=round(steps / steps_per_second)))


def _lines(run_folder: RunFolder) -> Iterator[str]:
    manifest = run_folder.find_manifest()
    if manifest is None:
        raise InputError(f"--model_dir={run_folder.path} holds no run: no manifest.json")
    yield f"{run_folder.path}: {_state(run_folder, manifest)}"
    settings = manifest.known_settings
    total = settings.max_steps + settings.extra_steps
    ensembles = {"member ": run_folder}
    for path in sorted(run_folder.path.glob("background-*")):
        ensembles[f"{path.name}/"] = RunFolder(path)
    for prefix, ensemble in ensembles.items():
        for member in range(settings.num_models):
            yield f"  {prefix}{member}: {_member(ensemble.member(member), total)}"
    if sets := _sets(manifest.datasets):
        scored = [name for name in sets if run_folder.scores(name).exists()]
        missing = [name for name in sets if name not in scored]
        yield f"  scored: {', '.join(scored) or 'nothing'}"
        if missing:
            yield f"  not scored: {', '.join(missing)}"
    for part, seconds in manifest.timings.items():
        yield f"  {part}: {seconds} s, in the last start that came to its end"


def _state(run_folder: RunFolder, manifest: Manifest) -> str:
    if run_folder.is_held():
        return f"{manifest.status}; a process is at work"
    if manifest.status == "finished":
        return manifest.status
    return f"stopped at: {manifest.status}; the same command goes on"


def _member(member_dir: Path, total: int) -> str:
    if is_left_out(member_dir):
        return f"left out: it {faults_of(member_dir)[-1]}"
    step = newest_step(member_dir)
    if step is None:
        return "no checkpoint yet"
    words = ["finished" if step >= total else "unfinished", f"step {step:,} of {total:,}"]
    if records := read_history(member_dir / "history.jsonl"):
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
