"""Settings of a run: a frozen dataclass per entry script, with one command-line flag per field."""

import dataclasses
import inspect
import math
import os
import textwrap
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from tools.errors import InputError

PRESETS = ("fast", "reference", "smoke")


class OptionFields(typing.Protocol):
    """A frozen dataclass whose fields are made by `option`."""

    __dataclass_fields__: typing.ClassVar[dict[str, dataclasses.Field[Any]]]


Settings = typing.TypeVar("Settings", bound=OptionFields)


def option(
    fast: Any,
    help_text: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    choices: Sequence[str] = (),
    shapes_members: bool = False,
    of_this_start: bool = False,
    **other_presets: Any,
) -> Any:
    """A field of a settings dataclass: its default per preset, its limits, its help text.

    Args:
        fast: Value under `--preset=fast`, and under the others unless they are given.
        help_text: The sentence that `--help` shows.
        at_least: Smallest allowed number.
        above: Number that the value must exceed.
        choices: The allowed words.
        shapes_members: Trained weights depend on it, so it cannot change within one model_dir.
        of_this_start: It says what to do now or where to write, and is never taken from a saved
            run, which may be a stranger's.
        **other_presets: Values under `reference` and `smoke`.

    Raises:
        TypeError: There is no such preset.
    """
    if unknown := other_presets.keys() - set(PRESETS):
        raise TypeError(f"option() has no argument {', '.join(sorted(unknown))}")
    presets = {preset: other_presets.get(preset, fast) for preset in PRESETS}
    metadata = {
        "help": help_text,
        "presets": presets,
        "at_least": at_least,
        "above": above,
        "choices": tuple(choices),
        "shapes_members": shapes_members,
        "of_this_start": of_this_start,
    }
    return dataclasses.field(default=fast, metadata=metadata)


def define_flags(settings_class: type[OptionFields], flag_values: flags.FlagValues) -> None:
    """Defines one flag per field, of the field's type."""
    define_by_type: dict[type, Callable[..., object]] = {
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_bool,
        str: flags.DEFINE_string,
        tuple: flags.DEFINE_list,
    }
    for field in dataclasses.fields(settings_class):
        define = define_by_type[_plain_type(settings_class, field.name)]
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        define(field.name, default, _help(field), flag_values=flag_values)


def flags_text(settings_class: type[OptionFields]) -> str:
    """The flags as `--help` shows them: the class's own, then each base's, under its HELP_TITLE."""
    fields = {field.name: field for field in dataclasses.fields(settings_class)}
    sections = []
    for part in settings_class.__mro__:
        own = [fields.pop(name) for name in inspect.get_annotations(part) if name in fields]
        if own:
            title = vars(part).get("HELP_TITLE", "Flags")
            sections.append("\n".join([f"{title}:", *map(_flag_text, own)]))
    return "\n\n".join(sections)


def _flag_text(field: dataclasses.Field) -> str:
    indent = " " * 6
    words = textwrap.wrap(_help(field), 92, initial_indent=indent, subsequent_indent=indent)
    return "\n".join([f"  --{field.name}={_shown(field.default)}", *words])


def settings_from_flags(
    settings_class: type[Settings], flag_values: flags.FlagValues
) -> tuple[Settings, set[str]]:
    """The settings, and the names of the flags given by hand.

    A flag given by hand wins over the preset, the preset over the field's default.

    Raises:
        InputError: A value is out of its limits; it names the flag.
    """
    given = {name for name in flag_values if flag_values[name].present}
    preset = flag_values["preset"].value
    if preset not in PRESETS:
        raise InputError(f"--preset={preset}: known are {', '.join(PRESETS)}")
    values = {}
    for field in dataclasses.fields(settings_class):
        flag = flag_values[field.name]
        value = flag.value if flag.present else field.metadata["presets"][preset]
        values[field.name] = tuple(value) if isinstance(value, list) else value
    values["preset"] = preset
    for field in dataclasses.fields(settings_class):
        _check_limits(field, values[field.name])
    return settings_class(**values), given


def settings_of_preset(settings_class: type[Settings], preset: str, **by_hand: Any) -> Settings:
    """The settings under a preset, with some values of one's own.

    Raises:
        InputError: A value has another type than the setting or is out of its limits.
        TypeError: There is no such setting.
    """
    fields = {field.name: field for field in dataclasses.fields(settings_class)}
    values = {name: field.metadata["presets"][preset] for name, field in fields.items()}
    for name, value in by_hand.items():
        if name in fields:  # others are refused below
            if not _has_type(fields[name], settings_class, value):
                raise InputError(f"--{name}={value!r:.40}: has another type than the setting")
            _check_limits(fields[name], value)
    return settings_class(**values | {"preset": preset} | by_hand)


def member_settings(settings: OptionFields) -> dict[str, Any]:
    """The settings that trained weights depend on."""
    return {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.metadata["shapes_members"]
    }


def saved_value(field: dataclasses.Field, settings_class: type, value: Any) -> Any:
    """A setting's value from the manifest of a run.

    Raises:
        InputError: It has another type than the setting or is out of its limits.
    """
    if isinstance(value, list):
        value = tuple(value)
    if not _has_type(field, settings_class, value):
        raise InputError(f"manifest.json is damaged: its setting {field.name} is {value!r:.40}")
    _check_limits(field, value)
    return value


def default_data_dir() -> str:
    """The folder of the data sets: WAIC_DATA_DIR, else one in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return os.environ.get("WAIC_DATA_DIR") or str(Path(cache) / "generative-ensembles")


def _has_type(field: dataclasses.Field, settings_class: type, value: Any) -> bool:
    kind = _plain_type(settings_class, field.name)
    if kind is tuple:
        return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    allowed = (int, float) if kind is float else (kind,)
    return type(value) in allowed or (value is None and field.default is None)


def _plain_type(settings_class: type, name: str) -> type:
    """The flag's type of a field: `float | None` is float, `tuple[str, ...]` is tuple."""
    hint = typing.get_type_hints(settings_class)[name]
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    return typing.get_origin(hint) or hint


def _help(field: dataclasses.Field) -> str:
    text, presets = field.metadata["help"], field.metadata["presets"]
    if field.metadata["choices"]:
        text += f" One of: {', '.join(field.metadata['choices'])}."
    others = [
        f"{name}: {_shown(presets[name])}" for name in PRESETS if presets[name] != field.default
    ]
    return f"{text} ({'; '.join(others)})" if others else text


def _shown(value: object) -> str:
    """A setting as it is written on the command line."""
    if value is None:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _check_limits(field: dataclasses.Field, value: Any) -> None:
    limits = field.metadata
    if value is None:
        return
    for part in value if isinstance(value, tuple) else (value,):
        if limits["choices"] and part not in limits["choices"]:
            raise InputError(f"--{field.name}={part}: known are {', '.join(limits['choices'])}")
        if isinstance(part, float) and not math.isfinite(part):
            raise InputError(f"--{field.name}={part}: must be finite")
        if limits["at_least"] is not None and part < limits["at_least"]:
            raise InputError(f"--{field.name}={part}: must be at least {limits['at_least']}")
        if limits["above"] is not None and part <= limits["above"]:
            raise InputError(f"--{field.name}={part}: must be above {limits['above']}")
