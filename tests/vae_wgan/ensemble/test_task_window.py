"""Results of tasks as they end, with few of them handed on."""

from concurrent.futures import Future

import pytest

from vae_wgan.ensemble.task_window import completed


class Worker:
    """Does tasks when it is told to, the last one first."""

    def __init__(self):
        self.handed_on = []

    def submit(self, number):
        future = Future()
        self.handed_on.append((number, future))
        if len(self.handed_on) == 3 or number == 9:
            self.end_all()
        return future

    def end_all(self):
        while self.handed_on:
            number, future = self.handed_on.pop()
            if number == 7:
                future.set_exception(ValueError("seven"))
            else:
                future.set_result(number**2)


def test_all_results_come_with_their_numbers_and_few_tasks_are_taken_ahead():
    worker, taken, results = Worker(), [], {}

    def tasks():
        for number in range(7):
            taken.append(number)
            yield (number,)
        worker.end_all()

    for number, result in completed(worker.submit, tasks(), limit=3):
        assert len(taken) - len(results) <= 3
        results[number] = result
    assert results == {number: number**2 for number in range(7)}


def test_the_first_failure_ends_it():
    with pytest.raises(ValueError, match="seven"):
        list(completed(Worker().submit, ((number,) for number in range(10)), limit=3))


def test_no_task_gives_no_result():
    assert list(completed(Worker().submit, [], limit=3)) == []
