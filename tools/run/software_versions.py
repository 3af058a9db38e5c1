"""The software behind a run's numbers: versions of packages and the commit of the checkout."""

import subprocess
from contextlib import suppress
from importlib import metadata
from pathlib import Path

_PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy", "scikit-learn", "scipy")


def package_versions() -> dict[str, str]:
    """Versions of the packages that affect results.

    A vendor's build of TensorFlow under another name is left out.
    """
    versions = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def git_commit() -> str | None:
    """The checkout's commit, marked "+" when files differ from it; None outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():  # an installed copy, perhaps inside somebody's own checkout
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--exclude=*", "--abbrev=40"]
    command += ["--dirty=+"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
