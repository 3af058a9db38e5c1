from pathlib import Path

import pytest

from tools.data.images.file_threads import of_files


@pytest.mark.parametrize("count", [0, 1, 64, 1000])
def test_values_come_in_the_order_of_the_files(count):
    paths = [Path(str(number)) for number in range(count)]
    assert list(of_files(lambda path: int(path.name), paths, "x")) == list(range(count))


def test_an_error_in_a_thread_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(of_files(lambda path: 1 // 0, [Path("x")], "x"))
