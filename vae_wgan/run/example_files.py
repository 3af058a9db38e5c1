"""Files of a run that name its pictures: which are scored, copies, or left out."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from tools.files.whole_files import write_text
from tools.run.run_folder import RunFolder
from vae_wgan.data.image_data import ExperimentData


def write_example_files(folder: RunFolder, data: ExperimentData) -> None:
    """Writes which example is which file, and which are copies or were left out.

    examples/SET.csv has the id of each scored example of files, its file below the set's folder,
    and the example that it is a copy of. analysis/copies.csv and left_out.csv are of all sets.
    Those that would be empty are deleted.
    """
    copies = [(*copy[:-1], f"{copy.levels:.2f}") for copy in data.image_copies]
    originals = {copy[:2]: f"{copy[2]}/{copy[3]}" for copy in copies}
    for one in data.scored:
        paths = [] if one.paths is None else one.paths.tolist()
        rows = zip(one.ids.tolist(), paths, strict=False)
        _write(
            folder.examples(one.name),
            ("id", "path", "copy_of"),
            [(row, path, originals.get((one.name, path), "")) for row, path in rows],
        )
    heading = ("dataset", "example", "of_dataset", "of_example", "levels")
    _write(folder.path / "analysis" / "copies.csv", heading, copies)
    sets = (data.training, *data.scored)
    left_out = {path: why for one in sets for path, why in one.left_out.items()}
    _write(folder.path / "analysis" / "left_out.csv", ("file", "reason"), sorted(left_out.items()))


def _write(path: Path, heading: Sequence[str], rows: Sequence[tuple]) -> None:
    if not rows:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heading, *rows])
    write_text(path, text.getvalue())
