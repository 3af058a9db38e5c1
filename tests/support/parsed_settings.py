"""Settings as a command line gives them."""

from typing import Any

from absl import flags

from tools.run.options import define_flags, settings_from_flags


def parsed(settings_class: type, *arguments: str) -> tuple[Any, set[str]]:
    """The settings, and the names of the flags given by hand."""
    flag_values = flags.FlagValues()
    define_flags(settings_class, flag_values)
    flag_values(["program", *arguments])
    return settings_from_flags(settings_class, flag_values)
