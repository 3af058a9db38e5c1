import argparse

from scripts.benchmarks import corruptions
from tools.data.corruptions.corruption_kinds import CORRUPTIONS


def test_every_corruption_is_timed_and_their_sum_is_told(monkeypatch):
    monkeypatch.setattr(corruptions, "IMAGES", 3)
    found = list(corruptions.figures(argparse.Namespace(seed=0, repeats=1)))
    assert [figure.name for figure in found[:-1]] == [f"corruptions.{name}" for name in CORRUPTIONS]
    assert found[-1].value == sum(figure.value for figure in found[:-1]) > 0
