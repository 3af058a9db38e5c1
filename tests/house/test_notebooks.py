"""The notebooks run as they are written, with members that are smaller than theirs."""

import json
from pathlib import Path

import pytest
from matplotlib import pyplot

from anomaly.detectors import ensemble_detector
from repository_sources import ROOT

SMALL = {
    "num_models": 2,
    "max_steps": 2,
    "viz_steps": 2,
    "base_depth": 2,
    "n_flows": 1,
    "compile": False,
}
FOLDER = ROOT / "docs" / "notebooks"


@pytest.mark.parametrize("name", ["own_pictures", "fraud"])
def test_every_cell_runs(name, tmp_path, monkeypatch):
    fit = ensemble_detector.fit_ensemble

    def fit_small(rows, folder, key, **settings):
        of_kind = {} if name == "fraud" else {"latent_size": 2, "n_samples": 2, "batch_size": 8}
        return fit(rows, folder, key, **(settings | SMALL | of_kind))

    monkeypatch.setattr(ensemble_detector, "fit_ensemble", fit_small)
    monkeypatch.setattr(pyplot, "show", pyplot.close)
    monkeypatch.chdir(tmp_path)
    pyplot.switch_backend("agg")
    values = {}
    for cell in json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{name}.ipynb", "exec"), values)
    assert len(values["found"]) == (40 if name == "own_pictures" else 200)
    if name == "fraud":
        assert 5007 in values["flagged"].index
    else:
        assert Path("detectors/bars").is_dir()


def test_notebooks_are_kept_without_outputs():
    notebooks = list(FOLDER.glob("*.ipynb"))
    assert len(notebooks) == 2
    for path in notebooks:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells)
