"""manifest.json: settings, data sets and state of a run. It is checked when it is read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

from tools.files.typed_json import MalformedError, typed

_MOST_DRAWS = 1_000_000  # of a bootstrap; more would take days

# Groups of altered sets.
CORRUPTION, PERTURBATION, RESAMPLING = GROUPS = "corruption", "perturbation", "resampling"
Group = Annotated[str, GROUPS.__contains__]
Count = Annotated[int, lambda number: number >= 0]
Draws = Annotated[int, lambda number: 0 <= number <= _MOST_DRAWS]
Decimal = Annotated[str, str.isdecimal]


@dataclass(frozen=True)
class Alteration:
    """How the images of an altered set were made.

    Attributes:
        group: CORRUPTION, PERTURBATION or RESAMPLING.
        kind: Name of the corruption or perturbation, such as "fog"; or of the set that the images
            were matched with.
        level: Severity 1 to 5 of a corruption, step 0 to 30 of a perturbation; 0: matched test
            images, 1: the set's own.
    """

    group: Group
    kind: str
    level: Count

    @property
    def name(self) -> str:
        """Name of the altered set."""
        return f"{self.group}.{self.kind}.{self.level}"


@dataclass(frozen=True)
class DataSets:
    """The sets that a run scores.

    Attributes:
        in_distribution: Name of the test set; empty until the data are loaded.
        out_of_distribution: Names of the sets against which it is tested.
        missing: {name of such a set that could not be had: reason}.
        altered: Names of the sets of corrupted, perturbed and matched images.
        checksums: {name: sha256 of the source}.
        sizes: {name, or "training": number of examples}.
        alterations: {name of an altered set: how it was made}, for each of them.
    """

    in_distribution: str = ""
    out_of_distribution: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    altered: tuple[str, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, Count] = field(default_factory=dict)
    alterations: Mapping[str, Alteration] = field(default_factory=dict)

    @property
    def available(self) -> tuple[str, ...]:
        """The out-of-distribution sets that could be had."""
        return tuple(name for name in self.out_of_distribution if name not in self.missing)

    def to_json(self) -> dict[str, Any]:
        """The manifest's entry; `alterations` are left out where there are none."""
        entry = asdict(self)
        if not self.alterations:
            del entry["alterations"]
        return entry


@dataclass(frozen=True)
class KnownSettings:
    """The settings that are read without the settings class of the run's entry script."""

    num_models: Count = 0
    max_steps: Count = 0
    extra_steps: Count = 0
    seed: Count = 0
    score_keys: tuple[str, ...] = ()
    alerts: tuple[Decimal, ...] = ()
    bootstrap: Draws = 0
    num_pools: Count = 1
    ddof: Count = 0
    elbo_threshold: float | None = None
    model: str = ""


@dataclass(frozen=True)
class History:
    """Training steps at which a run with --history scored its checkpoints."""

    steps: tuple[Count, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Content of a run's manifest.json. Missing entries have their defaults.

    Attributes:
        settings: All flags, as JSON.
        status: The part of the run that was begun last, or "finished".
        seeds: {"root": root seed of every random draw}.
        training_data: {name of a flag: name and checksum of the set}.
        value_range: Numbers that stand for black and white in the training images; empty: they are
            bytes, pictures or no images.
        example_shape: Shape of one example; empty: the run is of an earlier version.
        versions: {package: version}.
        git_commit: Commit of the checkout, "+" behind it where files differ; None: no checkout.
        device: Names of the GPUs that TensorFlow used, or "CPU".
        likelihood: Name of the members' likelihood p(x|z).
        datasets: The sets that are scored.
        protocol: Split of a table, in words and counts.
        encoder: Encoder of a table, as JSON.
        anomalies: Names of the sets of labelled anomalies.
        peers: Names of detectors that scored the same sets; None: all that the folder holds.
        left_out: Why a detector or member has no part in the results, by its name.
        restarted: Why a member was trained again from another seed, by its name.
        adversarial: {set after the attack: set before}.
        history: Steps scored by --history.
        background: The noise rate of the background ensemble, and how it was chosen.
        timings: {part of the run: seconds}.
        costs: {pass over the examples: seconds per 1,000 examples, for all members}.
        entries: The whole content of the file, in its order.
    """

    settings: Mapping[str, Any]
    status: str = "unknown"
    seeds: Mapping[str, Count] = field(default_factory=dict)
    training_data: Mapping[str, str] = field(default_factory=dict)
    value_range: tuple[float, ...] = ()
    example_shape: tuple[Count, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    device: str = ""
    likelihood: str | None = None
    datasets: DataSets = field(default_factory=DataSets)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    encoder: Mapping[str, Any] | None = None
    anomalies: tuple[str, ...] = ()
    peers: tuple[str, ...] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    restarted: Mapping[str, str] = field(default_factory=dict)
    adversarial: Mapping[str, str] = field(default_factory=dict)
    history: History = field(default_factory=History)
    background: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    entries: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known_settings(self) -> KnownSettings:
        """Some of the settings, typed."""
        return typed(KnownSettings, self.settings, "manifest.settings")


def manifest_from_json(content: Mapping[str, Any]) -> Manifest:
    """The manifest in the content of a manifest.json.

    Raises:
        MalformedError: An entry is nothing that a run writes; the message is its path.
    """
    manifest: Manifest = typed(Manifest, content, "manifest")
    _ = manifest.known_settings  # checks them
    datasets = manifest.datasets
    alterations = {
        name: datasets.alterations.get(name) or _alteration_in_name(name)
        for name in datasets.altered
    }
    return replace(manifest, datasets=replace(datasets, alterations=alterations), entries=content)


def _alteration_in_name(name: str) -> Alteration:
    """How an altered set was made, by its name: runs of earlier versions say no more."""
    group, _, kind_and_level = name.partition(".")
    kind, _, level = kind_and_level.rpartition(".")
    if not (group in GROUPS and kind and level.isdecimal()):
        raise MalformedError("manifest.datasets.altered")
    return Alteration(group, kind, int(level))
