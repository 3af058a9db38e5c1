"""The run folder: where each file of a run lies, and its manifest."""

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.errors import InputError
from tools.files.typed_json import MalformedError
from tools.files.whole_files import parse_json, write_json
from tools.run.folder_lock import folder_is_held, folder_locked
from tools.run.manifest import Manifest, manifest_from_json

CALIBRATION = "calibration"  # name of the set of rows that thresholds are chosen on
_ENTRIES = {field.name for field in dataclasses.fields(Manifest)} - {"entries"}


class RunFolder:
    """Paths inside a model_dir, its manifest and its lock."""

    def __init__(self, path: str | Path):
        """Takes the folder's path; it need not exist yet."""
        self.path = Path(path)
        self.manifest_path = self.path / "manifest.json"

    def member(self, index: int) -> Path:
        """Folder of one member: checkpoints, events, history."""
        return self.path / str(index)

    def background(self, rate: float) -> "RunFolder":
        """Folder of the ensemble trained on images with this share of noisy pixels."""
        return RunFolder(self.path / f"background-{rate}")

    def history(self, step: int) -> "RunFolder":
        """Folder of the scores that the members had after this many training steps."""
        return RunFolder(self.path / "history" / str(step))

    def scores(self, dataset: str) -> Path:
        """Score file of a data set."""
        return self.path / "scores" / _file_name(dataset)

    def peer_scores(self, source: str, dataset: str) -> Path:
        """Score file of a peer detector, or of another source of one score per example."""
        return self.path / "ensemble_scores" / source / _file_name(dataset)

    def examples(self, dataset: str) -> Path:
        """Names of the files of a data set's examples, as csv."""
        return (self.path / "examples" / _file_name(dataset)).with_suffix(".csv")

    def inputs(self, dataset: str) -> Path:
        """Properties of a data set's inputs, as a score file with one line."""
        return self.path / "inputs" / _file_name(dataset)

    def features(self) -> Path:
        """Folder of the features of pictures, computed once for all members."""
        return self.path / "features"

    def simple_ensemble(self) -> Path:
        """All that the simple detectors of a table's rows, or of pictures, have learned."""
        return self.path / "simple.npz"

    def places(self) -> Path:
        """Mean and deviation of the members' maps of calibration images at each place."""
        return self.path / "places.npz"

    def strange_places(self, dataset: str) -> Path:
        """Maps of the most anomalous images of a data set, for the report."""
        return self.path / "maps" / _file_name(dataset)

    def pixels(self, dataset: str) -> Path:
        """Counts of sound and defective pixels of a data set by their value in the maps."""
        return self.path / "pixels" / _file_name(dataset)

    def latents(self, dataset: str) -> Path:
        """Posterior means of some examples, as a score file with a line per latent number."""
        return self.path / "latents" / _file_name(dataset)

    def samples(self, member: int) -> Path:
        """Images that a member has generated, for the report."""
        return self.member(member) / "samples.npz"

    def pictures(self, dataset: str) -> Path:
        """Pictures of a data set, for the report."""
        return self.path / "pictures" / _file_name(dataset)

    def manifest(self) -> Manifest:
        """The manifest.

        Raises:
            InputError: There is none, it is no JSON, or an entry is nothing that a run writes.
        """
        manifest = self.find_manifest()
        if manifest is None:
            raise InputError(f"{self.manifest_path} is missing; is this a run?")
        return manifest

    def find_manifest(self) -> Manifest | None:
        """The manifest, or None where there is none; a damaged one is an InputError."""
        content = self._manifest_entries()
        try:
            return manifest_from_json(content) if content else None
        except MalformedError as error:
            raise InputError(
                f"{self.manifest_path} is damaged: {error} is nothing that a run writes; restore it"
            ) from error

    def update_manifest(self, **entries: Any) -> None:
        """Replaces entries of the manifest, which are named as its fields; keeps the others.

        Raises:
            InputError: The manifest that is there is damaged.
            TypeError: There is no such entry.
        """
        if unknown := entries.keys() - _ENTRIES:
            raise TypeError(f"a manifest has no entry {', '.join(sorted(unknown))}")
        manifest = self.find_manifest()
        before = manifest.entries if manifest else {}
        write_json(self.manifest_path, {**before, **entries})

    def add_peer(self, name: str) -> None:
        """Names a detector, whose scores of the same sets the folder holds, in the manifest."""
        self.update_manifest(peers=[*dict.fromkeys([*(self.manifest().peers or ()), name])])

    def _manifest_entries(self) -> dict[str, Any]:
        try:
            content = parse_json(self.manifest_path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except NotADirectoryError as error:
            raise InputError(f"--model_dir={self.path} is a file; name a folder") from error
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.manifest_path} cannot be read ({error}); restore it, or use another folder"
            ) from error
        if not isinstance(content, dict) or not isinstance(content.get("settings"), dict):
            raise InputError(
                f"{self.manifest_path} is no manifest of a run; use another --model_dir"
            )
        return content

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder against a second process; see `folder_locked`."""
        with folder_locked(self.path):
            yield

    def is_held(self) -> bool:
        """Whether a process holds the folder now."""
        return folder_is_held(self.path)


def _file_name(dataset: str) -> str:
    """File name of a data set. The set may be a stranger's, and its file stays in the folder."""
    if not isinstance(dataset, str) or dataset != re.sub(r"[/\\\0]", "", dataset):
        raise InputError(f"{dataset!r} is no name of a data set: it would leave its folder")
    return f"{dataset}.npz"
