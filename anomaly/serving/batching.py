"""Scores together what waits together, in one thread, with a bounded queue."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

MOST_ROWS = 256  # rows scored together; more would make the next request wait too long
# A pass over one row costs nearly what one over this number does, so that few rows wait for others
# for as long as a pass takes, but never for more than these seconds.
FEW_ROWS, LONGEST_WAIT = 16, 0.05


class BusyError(Exception):
    """More rows wait than can be scored in time."""


class Batcher:
    """Collects the rows of requests that arrive while others are scored.

    Args:
        score: Function from rows [row, ...] to scores [row].
        most_waiting: Rows that may wait before further requests are refused.
        timeout: Seconds after which a request is given up.
    """

    def __init__(
        self, score: Callable[[np.ndarray], np.ndarray], *, most_waiting: int, timeout: float
    ):
        self._score = score
        self._most_waiting = most_waiting
        self._timeout = timeout
        self._queue: asyncio.Queue[tuple[np.ndarray, asyncio.Future[np.ndarray]]] = asyncio.Queue()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "scoring")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts to score; call it in the event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops once all that waits is scored."""
        await self._queue.join()
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown()

    async def scores(self, rows: np.ndarray) -> np.ndarray:
        """The scores of rows.

        Raises:
            BusyError: Too many rows wait, or the scores took too long.
        """
        if not len(rows):
            return np.empty(0)
        if self._waiting + len(rows) > self._most_waiting and self._waiting:
            raise BusyError(f"{self._waiting} rows wait to be scored; try again later")
        future: asyncio.Future[np.ndarray] = asyncio.get_running_loop().create_future()
        self._waiting += len(rows)
        self._queue.put_nowait((rows, future))
        try:
            return await asyncio.wait_for(future, self._timeout)
        except TimeoutError as error:
            raise BusyError(
                f"no score within {self._timeout:g} seconds; send fewer rows"
            ) from error

    async def _run(self) -> None:
        took = 0.0
        while True:
            batch = [await self._queue.get()]
            if self._waiting < FEW_ROWS:
                await asyncio.sleep(min(took, LONGEST_WAIT))
            while not self._queue.empty() and sum(len(rows) for rows, _ in batch) < MOST_ROWS:
                batch.append(self._queue.get_nowait())
            started = time.perf_counter()
            await self._answer(batch)
            took = time.perf_counter() - started

    async def _answer(self, batch: list[tuple[np.ndarray, asyncio.Future[np.ndarray]]]) -> None:
        wanted = [(rows, future) for rows, future in batch if not future.done()]
        try:
            if wanted:
                together = np.concatenate([rows for rows, _ in wanted])
                loop = asyncio.get_running_loop()
                scores = await loop.run_in_executor(self._thread, self._score, together)
                ends = np.cumsum([len(rows) for rows, _ in wanted])[:-1]
                for (_, future), part in zip(wanted, np.split(scores, ends), strict=True):
                    if not future.done():
                        future.set_result(part)
        except Exception as error:
            for _, future in wanted:
                if not future.done():
                    future.set_exception(error)
        finally:
            for rows, _ in batch:
                self._waiting -= len(rows)
                self._queue.task_done()
