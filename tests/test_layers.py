"""Imports go downwards only. Each rule maps sources {path: text} to complaints; none is the aim."""

import ast
import graphlib
from collections.abc import Iterator, Mapping

import pytest

from repository_sources import (
    PRODUCT,
    imported_names,
    module_name,
    own_imports,
    parse,
    repository_sources,
)

TENSORFLOW = {"tensorflow", "tensorflow_probability", "tf_keras", "keras", "tensorboard"}

TOOLS = {
    f"tools.{room}"
    for room in ("errors", "array_files", "data", "run", "scores", "report", "analysis")
}
# What each room may import besides itself: rooms, or single modules.
MAY_IMPORT = {
    "tools.errors": set(),
    "tools.array_files": set(),
    "tools.data": {"tools.errors", "tools.array_files"},
    "tools.run": {"tools.errors", "tools.array_files"},
    "tools.scores": {"tools.errors", "tools.run"},
    "tools.report": {"tools.errors", "tools.run", "tools.scores"},
    "tools.analysis": TOOLS,
    "models": TOOLS | {"settings"},
    "members": TOOLS | {"settings"},
    "experiment data": TOOLS,
    "settings": TOOLS | {"experiment data"},
    "experiments": TOOLS | {"models", "members", "experiment data", "settings"},
    "entry scripts": {"tools.run.command_line", "settings", "experiments"},
    "detectors": TOOLS | {"models", "members", "experiment data", "settings"},
}
MEMBERS = ("ensemble", "ensemble_history", "ensemble_scores", "background", "member_runners")
MEMBERS += ("launchers", "process_launcher", "ray_launcher", "task_window")
WITHOUT_TENSORFLOW = {"tools.data", "tools.scores", "tools.report", "tools.analysis"} | {
    "experiment data",
    "settings",
}


def room_of(module: str) -> str:
    """The room of a module; one that is no key of MAY_IMPORT does not exist."""
    package, *rest = module.split(".")
    if package == "tools":
        return ".".join([package, *rest[:1]])
    if package == "anomaly":
        return "detectors"
    if module in [f"vae_wgan.{name}" for name in MEMBERS]:
        return "members"
    endings = {
        "_run": "entry scripts",
        "experiment": "experiments",
        "_data": "experiment data",
        "_settings": "settings",
    }
    return next((room for end, room in endings.items() if module.endswith(end)), "models")


def imports_out_of_room(sources: Mapping[str, str]) -> Iterator[str]:
    for module, targets in own_imports(sources).items():
        if module == "tools":  # the package itself: a docstring
            allowed = set()
        elif (room := room_of(module)) in MAY_IMPORT:
            allowed = MAY_IMPORT[room] | {room}
        else:
            yield f"{module} is in no known room; see MAY_IMPORT"
            continue
        for target in sorted(targets):
            if not {target, room_of(target)} & allowed:
                yield f"{module} must not import {target}"


def tensorflow_in_tools(sources: Mapping[str, str]) -> Iterator[str]:
    for module in sorted(_tensorflow_users(sources)):
        if module.startswith("tools") and room_of(module) != "tools.run":
            yield f"{module} imports TensorFlow"


def tensorflow_behind_imports(sources: Mapping[str, str]) -> Iterator[str]:
    imports = own_imports(sources)
    users = _tensorflow_users(sources)
    for module in imports:
        if room_of(module) in WITHOUT_TENSORFLOW:
            for reached in sorted(_reachable(module, imports) & users):
                yield f"{module} loads TensorFlow by way of {reached}"


def imported_entry_scripts(sources: Mapping[str, str]) -> Iterator[str]:
    for module, targets in own_imports(sources).items():
        for target in targets:
            if room_of(target) == "entry scripts":
                yield f"{module} imports the entry script {target}"


def relative_imports(sources: Mapping[str, str]) -> Iterator[str]:
    for path, text in sources.items():
        for node in ast.walk(parse(text)):
            if isinstance(node, ast.ImportFrom) and node.level:
                yield f"{path}:{node.lineno} imports relatively"


def circles(sources: Mapping[str, str]) -> Iterator[str]:
    try:
        graphlib.TopologicalSorter(own_imports(sources)).prepare()
    except graphlib.CycleError as error:
        yield "circular import: " + " -> ".join(error.args[1])


def _tensorflow_users(sources: Mapping[str, str]) -> set[str]:
    return {
        module_name(path)
        for path, text in sources.items()
        if {name.split(".")[0] for name in imported_names(text)} & TENSORFLOW
    }


def _reachable(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    """All modules that importing `start` loads, the packages around them included."""
    reached, waiting = set(), [start]
    while waiting:
        module = waiting.pop()
        if module in imports and module not in reached:
            reached.add(module)
            waiting += [*imports[module], module.rpartition(".")[0]]
    return reached


BAD = [
    (imports_out_of_room, {"tools/data/x.py": "import vae_wgan.vae", "vae_wgan/vae.py": ""}),
    (imports_out_of_room, {"tools/run/x.py": "import tools.data.y", "tools/data/y.py": ""}),
    (imports_out_of_room, {"vae_wgan/vae.py": "import anomaly", "anomaly/__init__.py": ""}),
    (imports_out_of_room, {"vae_wgan/ensemble.py": "import vae_wgan.vae", "vae_wgan/vae.py": ""}),
    (
        imports_out_of_room,
        {"anomaly/a.py": "import vae_wgan.experiment", "vae_wgan/experiment.py": ""},
    ),
    (imports_out_of_room, {"vae_wgan/vae_run.py": "import tools.run.y", "tools/run/y.py": ""}),
    (imports_out_of_room, {"tools/__init__.py": "import tools.errors", "tools/errors.py": ""}),
    (imports_out_of_room, {"tools/new_room.py": ""}),
    (tensorflow_in_tools, {"tools/scores/x.py": "def f():\n    import tensorflow as tf"}),
    (tensorflow_in_tools, {"tools/analysis.py": "importlib.import_module('keras.layers')"}),
    (
        tensorflow_behind_imports,
        {
            "tools/analysis.py": "def f():\n    from tools.scores import x",
            "tools/scores/__init__.py": "from tools.run.y import z",
            "tools/scores/x.py": "",
            "tools/run/y.py": "import tensorflow_probability as tfp",
        },
    ),
    (imported_entry_scripts, {"vae_wgan/vae.py": "import vae_wgan.a_run", "vae_wgan/a_run.py": ""}),
    (relative_imports, {"tools/run/x.py": "from . import y"}),
    (circles, {"tools/run/x.py": "import tools.run.y", "tools/run/y.py": "import tools.run.x"}),
]
RULES = list(dict.fromkeys(rule for rule, _ in BAD))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_has_none(rule):
    product = {p: t for p, t in repository_sources().items() if p.startswith(PRODUCT)}
    assert product
    complaints = list(rule(product))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("rule", "sources"), BAD)
def test_a_bad_example_is_found(rule, sources):
    assert list(rule(sources)) != []


def test_a_chain_of_allowed_imports_passes_every_rule():
    sources = {
        "tools/__init__.py": '"""Docstring."""',
        "tools/errors.py": "",
        "tools/run/settings.py": "from tools.errors import InputError",
        "tools/run/checkpoints.py": "import tensorflow as tf",
        "tools/scores/files.py": "from tools.run.settings import option",
        "tools/analysis.py": "from tools.scores import files",
        "vae_wgan/vae_settings.py": "from tools.run.settings import option",
        "vae_wgan/vae.py": "import tensorflow as tf",
        "vae_wgan/ensemble.py": "from tools.run import checkpoints",
        "vae_wgan/vae_experiment.py": "from vae_wgan import ensemble, vae, vae_settings",
        "vae_wgan/vae_run.py": "from vae_wgan.vae_experiment import run",
        "anomaly/outlier_vae.py": "from vae_wgan.vae import VAE",
    }
    assert [complaint for rule in RULES for complaint in rule(sources)] == []
