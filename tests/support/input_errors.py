"""What tests of wrong input share."""

from collections.abc import Callable

import pytest

from tools.errors import InputError


def message_of(function: Callable, *arguments, **named_arguments) -> str:
    """The message of the InputError that a call must end in: one line."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **named_arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message
