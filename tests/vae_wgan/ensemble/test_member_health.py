"""Which members are out of line, and which only differ."""

import numpy as np
import pytest

from vae_wgan.ensemble.member_health import (
    MemberFaultError,
    is_collapsed,
    out_of_line,
    refuse_diverged,
    refuse_not_finite,
)

UNTRAINED = {"elbo": -545.0}


def record(elbo, rate=20.0):
    return {"step": 500, "elbo": elbo, "rate": rate}


@pytest.mark.parametrize("elbo", [-100.0, -545.0, -900.0])
def test_a_likelihood_may_fall_by_what_it_had_gained(elbo):
    refuse_diverged(record(elbo), UNTRAINED, [record(-120.0), record(-99.0)])


@pytest.mark.parametrize("elbo", [-1100.0, -9.5e12])
def test_a_likelihood_far_below_the_untrained_one_has_diverged(elbo):
    with pytest.raises(MemberFaultError, match="diverged by step 500: its log likelihood is"):
        refuse_diverged(record(elbo), UNTRAINED, [])


def test_a_member_without_a_likelihood_never_diverges_by_it():
    refuse_diverged({"step": 5, "loss": -1e9}, {"loss": 0.0}, [])


def test_what_is_not_finite_is_named():
    refuse_not_finite({"loss": 1.0, "weights": np.zeros(3)}, 5)
    with pytest.raises(MemberFaultError, match="diverged by step 1,500: weights is not finite"):
        refuse_not_finite({"loss": 1.0, "weights": np.array([0, np.inf])}, 1500)


def found(elbos, rates=(20.0,) * 5):
    pairs = zip(elbos, rates, strict=False)
    return out_of_line({n: record(*pair) for n, pair in enumerate(pairs)}, lambda: -545.0)


def test_members_that_differ_a_little_are_in_line():
    assert found([-95.0, -96.0, -94.5, -97.0, -130.0]) == {}
    assert found([-95.0, -9.5e12]) == {}  # of two nobody knows which one is wrong
    assert found([-95.0] * 5) == {}


def test_a_member_far_below_the_others_is_named_with_its_likelihood():
    faults = found([-95.0, -96.0, -400.0, -97.0, -94.0])
    assert faults.keys() == {2}
    assert faults[2] == "ended with a log likelihood of -400 nats, the others with about -95.5"


def test_a_collapsed_member_is_a_fault_only_where_most_are_not():
    elbos = [-95.0, -96.0, -97.0]
    assert found(elbos, [20.0, 0.01, 18.0]) == {
        1: "collapsed: its codes hold 0.01 nats of an example"
    }
    assert found(elbos, [0.02, 0.01, 18.0]) == {}
    assert is_collapsed(record(-95, 0.01))
    assert not is_collapsed(record(-95, 5.0))
    assert not is_collapsed({"logit": 0.0})
