"""What waits together is scored together, within bounds."""

import asyncio
import time

import numpy as np
import pytest

from anomaly.serving.batching import Batcher, BusyError


def run(story, score, **limits):
    """Runs a story with a batcher that is started and stopped."""

    async def whole():
        batcher = Batcher(score, **({"most_waiting": 100, "timeout": 10} | limits))
        batcher.start()
        try:
            return await story(batcher)
        finally:
            await batcher.stop()

    return asyncio.run(whole())


def test_requests_that_wait_are_scored_in_few_calls_and_get_their_own_scores():
    sizes = []

    def score(rows):
        sizes.append(len(rows))
        time.sleep(0.05)
        return rows[:, 0] * 2

    async def story(batcher):
        requests = [np.full((count, 3), float(count)) for count in range(1, 9)]
        return await asyncio.gather(*(batcher.scores(rows) for rows in requests))

    for count, scores in enumerate(run(story, score), start=1):
        assert scores.tolist() == [2.0 * count] * count
    assert len(sizes) <= 3


def test_few_rows_wait_for_others_for_as_long_as_a_pass_takes():
    sizes = []

    def score(rows):
        sizes.append(len(rows))
        time.sleep(0.05)
        return rows[:, 0]

    async def story(batcher):
        await batcher.scores(np.ones((1, 1)))
        first = asyncio.create_task(batcher.scores(np.ones((1, 1))))
        await asyncio.sleep(0.01)
        return await asyncio.gather(first, batcher.scores(np.ones((1, 1))))

    run(story, score)
    assert sizes == [1, 2]


def test_too_many_waiting_rows_are_refused_and_one_large_request_is_not():
    async def story(batcher):
        large = asyncio.create_task(batcher.scores(np.zeros((150, 1))))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="150 rows wait"):
            await batcher.scores(np.zeros((1, 1)))
        return await large

    assert len(run(story, lambda rows: rows[:, 0])) == 150


def test_what_takes_too_long_is_given_up():
    async def story(batcher):
        with pytest.raises(BusyError, match="no score within"):
            await batcher.scores(np.ones((1, 1)))
        return await batcher.scores(np.zeros((0, 1)))

    def slow(rows):
        time.sleep(0.2)
        return rows[:, 0]

    assert len(run(story, slow, timeout=0.05)) == 0


def test_a_failure_is_told_to_its_request_and_the_next_is_scored():
    async def story(batcher):
        with pytest.raises(ZeroDivisionError):
            await batcher.scores(np.zeros((1, 1)))
        return await batcher.scores(np.ones((1, 1)))

    assert run(story, lambda rows: np.array([1 / float(value) for value in rows[:, 0]])) == [1.0]
