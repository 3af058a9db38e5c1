"""SklearnDetector under scikit-learn's own checks, in a pipeline and in a grid search."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from anomaly import EnsembleDetector
from anomaly.detectors.sklearn_detector import SklearnDetector, small_detector

RNG = np.random.default_rng(0)
QUICK = {"epochs": 1, "verbose": False}
NORMAL = np.repeat(RNG.normal(size=(200, 2)), 2, axis=1)  # lie in a plane
OUTLIERS = RNG.normal(size=(40, 4)) * 3


@parametrize_with_checks([SklearnDetector(fit_arguments=QUICK)])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    return SklearnDetector(fit_arguments={"epochs": 60}, random_state=0).fit(NORMAL)


def test_scores_are_minus_those_of_the_detector_and_tell_outliers(fitted):
    _, expected = fitted.detector_.score(NORMAL)
    np.testing.assert_allclose(fitted.score_samples(NORMAL), -expected, rtol=1e-6)
    is_outlier = np.repeat([0, 1], [len(NORMAL), len(OUTLIERS)])
    scores = -fitted.score_samples(np.concatenate([NORMAL, OUTLIERS]))
    assert roc_auc_score(is_outlier, scores) > 0.9


def test_score_decision_and_prediction_are_one_equation(fitted):
    decision = fitted.decision_function(NORMAL)
    np.testing.assert_array_equal(decision, fitted.score_samples(NORMAL) - fitted.offset_)
    np.testing.assert_array_equal(fitted.predict(NORMAL), np.where(decision < 0, -1, 1))
    assert (fitted.predict(NORMAL) == -1).sum() == 20  # a tenth


def test_rows_of_a_data_frame_keep_their_index(fitted):
    frame = pd.DataFrame(NORMAL, index=[f"row {index}" for index in range(len(NORMAL))])
    for method in (fitted.score_samples, fitted.decision_function, fitted.predict):
        found = method(frame)
        pd.testing.assert_index_equal(found.index, frame.index)
        np.testing.assert_array_equal(found.to_numpy(), method(NORMAL))


def test_a_pipeline_in_a_grid_search_chooses_the_trained_one():
    is_outlier = np.repeat([0, 1], [len(NORMAL), len(OUTLIERS)])
    rows = np.concatenate([NORMAL, OUTLIERS])
    search = GridSearchCV(
        make_pipeline(StandardScaler(), SklearnDetector(random_state=0)),
        {
            "sklearndetector__fit_arguments": [{"epochs": 1}, {"epochs": 60}],
            "sklearndetector__contamination": [0.1],
        },
        scoring=make_scorer(
            lambda y, scores: roc_auc_score(y, -scores), response_method="decision_function"
        ),
        cv=2,
    )
    order = np.random.default_rng(1).permutation(len(rows))
    search.fit(rows[order], is_outlier[order])
    assert search.best_params_["sklearndetector__fit_arguments"] == {"epochs": 60}
    assert set(search.predict(rows)) == {-1, 1}


def test_the_detector_is_built_anew_by_the_given_function():
    built = []

    def build(n_features, seed):
        built.append((n_features, seed))
        return small_detector(n_features, seed)

    detector = SklearnDetector(build, QUICK, random_state=3)
    copy = clone(detector)
    assert copy.detector is build
    for one in (detector, copy):
        one.fit(NORMAL)
    assert built[0] == built[1]
    assert built[0][0] == 4
    np.testing.assert_array_equal(detector.predict(OUTLIERS), copy.predict(OUTLIERS))


@pytest.mark.parametrize("contamination", [0, 0.6, -1, float("nan")])
def test_an_impossible_contamination_is_refused(contamination):
    with pytest.raises(ValueError, match="contamination"):
        SklearnDetector(contamination=contamination).fit(NORMAL)


def test_a_detector_in_place_of_a_function_is_refused():
    with pytest.raises(TypeError, match="function of"):
        SklearnDetector(small_detector(4, seed=0)).fit(NORMAL)


def test_an_ensemble_which_has_no_epochs_is_a_detector_too():
    tiny = {"model": "flow", "num_models": 2, "max_steps": 5, "n_flows": 1, "base_depth": 4}
    detector = SklearnDetector(lambda n_features, seed: EnsembleDetector(), tiny, random_state=0)
    assert set(detector.fit(NORMAL).predict(OUTLIERS)) <= {-1, 1}
