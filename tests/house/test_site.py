"""The site of docs/: a search that works from disk, nothing from other servers, whole formulas."""

import os
import re
import subprocess
import sys

import pytest

from repository_sources import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        [*command, f"--site-dir={folder}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_a_page_from_disk_has_all_that_its_search_needs(site):
    page = (site / "index.html").read_text("utf-8")
    assert 'data-md-component="search"' in page
    assert 'src="assets/iframe-worker.js"' in page
    assert "likelihood_residual" in (site / "search" / "search_index.js").read_text("utf-8")


def test_nothing_is_loaded_from_another_server(site):
    pages = [path.read_text("utf-8") for path in site.rglob("*.html")]
    assert len(pages) > 20
    loaded = re.findall(
        r"<(?:script|link|img)\b[^>]*?(?:src|href)=\"?(https?:[^\s\">]+)", "".join(pages)
    )
    assert loaded == []


def test_the_powers_of_a_docstring_are_no_bold_type(site):
    page = (site / "api" / "detectors.html").read_text("utf-8")
    assert "(x - x')**2" in page
