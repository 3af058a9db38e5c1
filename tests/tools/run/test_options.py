"""Flags of a settings dataclass: presets, values by hand, limits, and how they are told."""

import dataclasses
from typing import ClassVar

import pytest
from absl import flags

from input_errors import message_of
from parsed_settings import parsed
from tools.run.options import (
    PRESETS,
    default_data_dir,
    define_flags,
    flags_text,
    member_settings,
    option,
    settings_of_preset,
)


@dataclasses.dataclass(frozen=True)
class Settings:
    preset: str = option("fast", "Sets the other defaults.")
    steps: int = option(10, "Steps.", at_least=1, shapes_members=True, reference=100, smoke=2)
    rate: float = option(0.5, "Rate.", above=0, shapes_members=True)
    weight: float = option(1.0, "Weight.", at_least=0)
    flow: bool = option(True, "Uses the flow.", smoke=False)
    kind: str = option("relu", "Kind.", choices=("relu", "elu"))
    keys: tuple[str, ...] = option(("a", "b"), "Keys.", choices=("a", "b", "c"))
    sizes: tuple[str, ...] = option((), "Free words.")
    threshold: float | None = option(None, "Threshold.", at_least=0, reference=5.0)


def parse(*arguments):
    return parsed(Settings, *arguments)


def test_without_flags_the_fast_preset_is_the_dataclass_itself():
    assert parse() == (Settings(), set())


def test_each_preset_sets_its_own_defaults_and_leaves_the_rest():
    assert PRESETS == ("fast", "reference", "smoke")
    assert parse("--preset=fast")[0] == Settings()
    assert parse("--preset=reference")[0] == Settings("reference", steps=100, threshold=5.0)
    assert parse("--preset=smoke")[0] == Settings("smoke", steps=2, flow=False)


def test_a_flag_given_by_hand_wins_over_the_preset_wherever_it_stands():
    for arguments in (["--steps=10", "--preset=smoke"], ["--preset=smoke", "--steps", "10"]):
        settings, given = parse(*arguments, "--flow", "--threshold=2")
        assert settings == Settings("smoke", steps=10, flow=True, threshold=2.0)
        assert given == {"preset", "steps", "flow", "threshold"}
    assert parse("--noflow")[0] == parse("--flow=False")[0] == Settings(flow=False)


def test_lists_are_tuples_without_the_blanks():
    assert parse("--keys=c, a")[0].keys == ("c", "a")
    assert parse("--sizes=x=1,y=2")[0].sizes == ("x=1", "y=2")
    assert parse("--keys=")[0].keys == ()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--preset=quick", "--preset=quick: known are fast, reference, smoke"),
        ("--steps=0", "--steps=0: must be at least 1"),
        ("--rate=0", "--rate=0.0: must be above 0"),
        ("--rate=-1e-9", "--rate=-1e-09: must be above 0"),
        ("--rate=nan", "--rate=nan: must be finite"),
        ("--rate=inf", "--rate=inf: must be finite"),
        ("--weight=-0.1", "--weight=-0.1: must be at least 0"),
        ("--weight=nan", "--weight=nan: must be finite"),
        ("--weight=inf", "--weight=inf: must be finite"),
        ("--threshold=-inf", "--threshold=-inf: must be finite"),
        ("--threshold=inf", "--threshold=inf: must be finite"),
        ("--kind=gelu", "--kind=gelu: known are relu, elu"),
        ("--keys=a,d", "--keys=d: known are a, b, c"),
    ],
)
def test_a_value_out_of_its_limits_names_the_flag_and_the_limit(argument, message):
    assert message_of(parse, argument).startswith(message)


def test_values_on_the_limit_pass():
    settings, _ = parse("--steps=1", "--weight=0", "--threshold=0", "--rate=1e-30")
    assert settings == Settings(steps=1, weight=0.0, threshold=0.0, rate=1e-30)


@pytest.mark.parametrize("argument", ["--steps=1.5", "--steps=", "--rate=fast", "--flow=maybe",
                                      "--stepz=3", "--threshold=None"])  # fmt: skip
def test_a_value_of_another_type_or_an_unknown_flag_is_refused(argument):
    with pytest.raises(flags.Error, match=argument.strip("-").partition("=")[0]):
        parse(argument)


def test_help_tells_words_and_what_the_presets_change():
    flag_values = flags.FlagValues()
    define_flags(Settings, flag_values)
    assert flag_values["steps"].help == "Steps. (reference: 100; smoke: 2)"
    assert flag_values["kind"].help == "Kind. One of: relu, elu."
    assert flag_values["weight"].help == "Weight."
    text = flags_text(Settings)
    for line in ("--steps=10", "--keys=a,b", "--sizes=", "--threshold=", "--flow=True"):
        assert f"  {line}\n      " in text


@dataclasses.dataclass(frozen=True)
class MoreSettings(Settings):
    HELP_TITLE: ClassVar[str] = "More"

    steps: int = option(7, "More steps.")
    depth: int = option(3, "Depth.")


def test_help_begins_with_the_classs_own_flags_and_has_each_once():
    own, others = flags_text(MoreSettings).split("\n\n")
    assert own == "More:\n  --steps=7\n      More steps.\n  --depth=3\n      Depth."
    assert others == flags_text(Settings).replace(
        "  --steps=10\n      Steps. (reference: 100; smoke: 2)\n", ""
    )


def test_member_settings_are_those_that_weights_depend_on():
    assert member_settings(Settings(steps=3)) == {"steps": 3, "rate": 0.5}


def test_the_settings_of_a_preset_are_those_of_its_flag():
    for preset in ("fast", "reference", "smoke"):
        assert settings_of_preset(Settings, preset) == parse(f"--preset={preset}")[0]
    assert settings_of_preset(Settings, "smoke", steps=7).steps == 7


def test_the_data_folder_is_the_variable_then_the_cache(monkeypatch):
    monkeypatch.setenv("WAIC_DATA_DIR", "there")
    assert default_data_dir() == "there"
    monkeypatch.setenv("WAIC_DATA_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert default_data_dir() == "cache/generative-ensembles"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "my")
    assert default_data_dir() == "my/.cache/generative-ensembles"


def test_an_option_has_no_presets_but_the_known_ones():
    with pytest.raises(TypeError, match="no argument smok"):
        option(1, "text", smok=2)
