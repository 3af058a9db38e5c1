"""SIGTERM ends a block at once, or when it has saved."""

import os
import signal

import pytest

from tools.run.termination import Terminated, held_back, terminable


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_signal_ends_a_block_at_once():
    with pytest.raises(Terminated), terminable():
        terminate()
        pytest.fail("went on")


def test_it_waits_where_it_is_held_back():
    done = []
    with pytest.raises(Terminated), terminable():
        with held_back() as has_come:
            assert not has_come()
            terminate()
            terminate()
            assert has_come()
            done.append("saved")
        done.append("went on")
    assert done == ["saved"]


def test_an_error_while_it_waits_is_told():
    with pytest.raises(KeyError), terminable(), held_back():
        terminate()
        raise KeyError


def test_nothing_is_left_of_it_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        terminate()
    assert signal.getsignal(signal.SIGTERM) == before
    with terminable(), held_back() as has_come:
        assert not has_come()
