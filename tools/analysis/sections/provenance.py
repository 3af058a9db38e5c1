"""Where the numbers come from: likelihood, versions, times, checksums."""

from collections.abc import Mapping

from tools.analysis.section import Section
from tools.report.blocks import Folded, Pairs, Text
from tools.scores.detection import DetectionTable

LIKELIHOODS = {
    "bernoulli": "bernoulli on grey values in [0, 1] is not a normalised density: its values are"
    " those of the 2018 code and compare with no other likelihood's.",
    "continuous_bernoulli": "continuous_bernoulli is a normalised density on [0, 1].",
    "discretized_logistic": "discretized_logistic gives the 256 values of a pixel probabilities"
    " that sum to 1.",
}
# Entries of the manifest that other sections show, or that only programs use.
ELSEWHERE = {"settings", "datasets", "likelihood", "status", "protocol", "encoder", "anomalies"}


def section(table: DetectionTable) -> Section:
    """The manifest's entries beyond the settings."""
    manifest = table.run.manifest
    likelihood = str(manifest.likelihood)
    rest = {name: value for name, value in manifest.entries.items() if name not in ELSEWHERE}
    facts = (
        Pairs("Run, versions and timings in seconds", flat(rest)),
        Pairs("Checksums of the data sets (SHA-256)", manifest.datasets.checksums),
    )
    meaning = Text(f"Likelihood: {LIKELIHOODS.get(likelihood, likelihood)}")
    return Section("Provenance", [meaning, Folded("Versions, timings and checksums", facts)])


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one: {"a": {"b": 1}} becomes {"a.b": 1}."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
