"""Versions and the commit that a run records."""

import re
import subprocess

from repository_sources import ROOT
from tools.run.software_versions import git_commit, package_versions


def test_the_commit_is_a_commit_or_nothing(monkeypatch):
    if (ROOT / ".git").exists():
        assert re.fullmatch(r"[0-9a-f]{40}\+?", git_commit())
    monkeypatch.setenv("PATH", "")
    assert git_commit() is None


def test_a_copy_inside_another_checkout_has_not_its_commit(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(
        "tools.run.software_versions.__file__", str(tmp_path / "lib/tools/run/software_versions.py")
    )
    (tmp_path / "lib/tools/run").mkdir(parents=True)
    assert git_commit() is None


def test_only_packages_that_are_there_have_versions(monkeypatch):
    assert {"numpy", "scipy"} <= package_versions().keys()
    monkeypatch.setattr("tools.run.software_versions._PACKAGES", ("numpy", "no-such-package"))
    assert list(package_versions()) == ["numpy"]
