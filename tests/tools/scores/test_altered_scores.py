from tools.run.manifest import Alteration
from tools.scores.altered_scores import strongest


def test_the_strongest_are_those_at_the_last_level_of_their_kind():
    altered = [Alteration("corruption", "fog", level) for level in (5, 1, 3)]
    altered += [
        Alteration("perturbation", kind, step) for kind in ("tilt", "snow") for step in (9, 30, 10)
    ]
    assert strongest({alteration.name: alteration for alteration in altered}) == {
        "corruption": ["corruption.fog.5"],
        "perturbation": ["perturbation.tilt.30", "perturbation.snow.30"],
    }
    assert strongest({}) == {}
