"""The variance over members of posterior means, beside that of untrained members."""

from types import SimpleNamespace

import numpy as np
import pytest

from fake_model import made_up_set
from tools.run.run_folder import RunFolder
from tools.scores.score_files import read_scores, write_scores
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table import posterior_means
from vae_wgan.table.posterior_means import POSTERIOR_MEANS, score_posterior_means

MEANS = np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 9.0]], np.float32)


@pytest.fixture
def scored(tmp_path, monkeypatch):
    """Folder and set of a run of two members, whose untrained ones differ by 2 everywhere."""
    folder, part = RunFolder(tmp_path), made_up_set("rows", 3)
    write_scores(folder.scores("rows"), {"posterior_mean": MEANS}, part.ids, {"seed": 0})
    members = [
        SimpleNamespace(posterior_means=lambda rows, value=value: np.full(len(rows), value))
        for value in (0.0, 2.0)
    ]
    monkeypatch.setattr(posterior_means, "untrained_members", lambda *_, **__: members)
    runner = SimpleNamespace(model=None)
    score_posterior_means(folder, TableSettings(model_dir="unused"), [part], runner)
    return folder, part, runner


def test_it_is_the_variance_over_members(scored):
    file = read_scores(scored[0].peer_scores(POSTERIOR_MEANS, "rows"))
    np.testing.assert_allclose(file.scores[POSTERIOR_MEANS], [MEANS.var(axis=0)])
    np.testing.assert_allclose(file.scores[f"untrained_{POSTERIOR_MEANS}"], [[1, 1, 1]])


def test_what_is_up_to_date_is_not_made_again(scored, monkeypatch):
    folder, part, runner = scored
    monkeypatch.setattr(posterior_means, "untrained_members", None)
    score_posterior_means(folder, TableSettings(model_dir="unused"), [part], runner)
