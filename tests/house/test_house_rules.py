"""Rules of the house: sizes, names and tracked files; what ruff forbids is in pyproject.toml.

Each rule maps sources {path: text} to complaints; none is the aim.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from repository_sources import (
    PRODUCT,
    ROOT,
    module_name,
    own_imports,
    parse,
    repository_sources,
)

FILE_LINES, ENTRY_SCRIPT_LINES, FUNCTION_LINES = 350, 120, 60
MEANINGLESS_NAMES = {"utils", "helpers", "common", "misc"}
LARGEST_FILE = 1_000_000
# Built from parts, so that this file does not hold what it looks for.
HOSTS = ["pypi org", "pythonhosted org", "registry npmjs org", "deb debian org"]
OF_ONE_MACHINE = re.compile(
    r"(?<!\w)/(work|root|home|Users)/|" + "|".join(host.replace(" ", r"\.") for host in HOSTS)
)

FRAGMENT = re.compile(r"\s*(\w+: )?(Of|That of|Those of|The same of|As those)\b")


def is_entry_script(path: str) -> bool:
    return path.startswith("vae_wgan/") and path.endswith("_run.py")


def long_files(sources: Mapping[str, str]) -> Iterator[str]:
    for path, text in sources.items():
        limit = ENTRY_SCRIPT_LINES if is_entry_script(path) else FILE_LINES
        if (lines := len(text.splitlines())) > limit:
            yield f"{path} has {lines} lines, more than {limit}"


def long_functions(sources: Mapping[str, str]) -> Iterator[str]:
    for path, text in sources.items():
        for node in ast.walk(parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{path}:{node.lineno} {node.name} has {lines} lines"


def bad_module_names(sources: Mapping[str, str]) -> Iterator[str]:
    for path in sources:
        for name in module_name(path).split("."):
            if name in MEANINGLESS_NAMES:
                yield f"{path}: {name} says nothing"
            if name in sys.stdlib_module_names:
                yield f"{path}: {name} hides a module of the standard library"


def modules_of_one_name(sources: Mapping[str, str]) -> Iterator[str]:
    paths: dict[str, list[str]] = {}
    for path in sources:
        name = path.rpartition("/")[2]
        if path.startswith(PRODUCT) and name not in {"__init__.py", "__main__.py"}:
            paths.setdefault(name, []).append(path)
    yield from (" and ".join(same) for same in paths.values() if len(same) > 1)


def fragments_in_docstrings(sources: Mapping[str, str]) -> Iterator[str]:
    """Lines or argument texts that begin without the noun they speak of."""
    for path, text in sources.items():
        if path.startswith((*PRODUCT, "scripts/")):
            for node in ast.walk(parse(text)):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    for line in (ast.get_docstring(node) or "").splitlines():
                        if FRAGMENT.match(line):
                            yield f"{path}: {line.strip()}"


def ways_that_run_read_files(sources: Mapping[str, str]) -> Iterator[str]:
    """Arguments that have NumPy or Keras run code of a file that is read."""
    for path, text in sources.items():
        if path.startswith((*PRODUCT, "scripts/")):
            for node in ast.walk(parse(text)):
                match node:
                    case ast.keyword(arg="allow_pickle", value=value):
                        if not (isinstance(value, ast.Constant) and value.value is False):
                            yield f"{path}:{value.lineno} sets allow_pickle"
                    case ast.keyword(arg="safe_mode", value=ast.Constant(value=False)):
                        yield f"{path}:{node.value.lineno} leaves the safe mode"


def times_of_files(sources: Mapping[str, str]) -> Iterator[str]:
    """Uses of a file's time of day, which jumps; contents are compared."""
    for path, text in sources.items():
        if path.startswith((*PRODUCT, "scripts/")):
            for node in ast.walk(parse(text)):
                if isinstance(node, ast.Attribute) and node.attr.startswith("st_mtime"):
                    yield f"{path}:{node.lineno} takes the time of day"


def uncollected_tests(sources: Mapping[str, str]) -> Iterator[str]:
    for path in sources:
        folder, _, name = path.rpartition("/")
        is_of_tests = folder.startswith("tests") and folder != "tests/support"
        if is_of_tests and not re.fullmatch(r"(test_\w+|conftest)\.py", name):
            yield f"{path} is neither test_*.py nor in tests/support/"


def untested_modules(sources: Mapping[str, str]) -> Iterator[str]:
    imports = own_imports(sources)
    tested = set().union(
        *(
            imports[module]
            for module in imports
            if module.startswith("tests.") and ".test_" in module
        )
    )
    for path, text in sources.items():
        if path.startswith(PRODUCT) and not is_entry_script(path):
            public = [
                node.name
                for node in parse(text).body
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
            ]
            if public and module_name(path) not in tested:
                yield f"no test imports {path} with {public[0]}"


def marks_of_one_machine(sources: Mapping[str, str]) -> Iterator[str]:
    for path, text in sources.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if found := OF_ONE_MACHINE.search(line):
                yield f"{path}:{number} names {found.group()}"


BAD = [
    (long_files, {"tools/x.py": "1\n" * (FILE_LINES + 1)}),
    (long_files, {"vae_wgan/x_run.py": "1\n" * (ENTRY_SCRIPT_LINES + 1)}),
    (long_functions, {"tools/x.py": "def f():\n" + "    1\n" * FUNCTION_LINES}),
    (bad_module_names, {"tools/utils.py": ""}),
    (bad_module_names, {"tools/common/x.py": ""}),
    (bad_module_names, {"vae_wgan/statistics.py": ""}),
    (modules_of_one_name, {"tools/run/x.py": "", "vae_wgan/x.py": ""}),
    (fragments_in_docstrings, {"tools/x.py": '"""Of the run."""'}),
    (
        fragments_in_docstrings,
        {"scripts/x.py": "def f():\n    '''Starts.\n\n    a: Of it.'''"},
    ),
    (ways_that_run_read_files, {"tools/x.py": "np.load(path, allow_pickle=True)"}),
    (ways_that_run_read_files, {"tools/x.py": "keras.models.load_model(path, safe_mode=False)"}),
    (times_of_files, {"tools/x.py": "is_newer = a.stat().st_mtime > b.stat().st_mtime"}),
    (uncollected_tests, {"tests/seeds_test.py": ""}),
    (uncollected_tests, {"tests/more/seeds.py": ""}),
    (untested_modules, {"tools/x.py": "def f(): pass", "tests/test_x.py": "from tools import y"}),
    (marks_of_one_machine, {"README.md": "see /" + "home/me/x"}),
    (marks_of_one_machine, {"README.md": "https://" + "pypi" + ".org/simple"}),
]
RULES = list(dict.fromkeys(rule for rule, _ in BAD))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_python_sources_have_none(rule):
    complaints = list(rule(repository_sources()))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("rule", "sources"), BAD)
def test_a_bad_example_is_found(rule, sources):
    assert list(rule(sources)) != []


def test_code_by_the_rules_passes_them_all():
    sources = {
        "tools/run/options.py": "def read(): return 1",
        "tools/files/readers.py": "def read(): return np.load('x', allow_pickle=False)",
        "tests/test_data.py": "from tools.files import readers\nfrom tools.run.options import read",
    }
    assert [complaint for rule in RULES for complaint in rule(sources)] == []


# Each is forbidden by the configuration of ruff in pyproject.toml, with its code.
BAD_FOR_RUFF = [
    ("import pickle", "TID251"),
    ("from yaml import load", "TID251"),
    ("import joblib\njoblib.load(path)", "TID251"),
    ("from absl.flags import FLAGS", "TID251"),
    ("from absl import flags\nseed = flags.FLAGS.seed", "TID251"),
    ("import time\nstarted = time.time()", "TID251"),
    ("import datetime\ndatetime.datetime.now()", "TID251"),
    ("import subprocess\nsubprocess.run(line, shell=True)", "S602"),
    ("import os\nos.system(line)", "S605"),
    ("eval(text)", "S307"),
    ("exec(text)", "S102"),
    ("print(1)", "T201"),
    ("from . import sibling", "TID252"),
]


def test_ruff_finds_what_it_is_to_find(tmp_path):
    for number, (text, _) in enumerate(BAD_FOR_RUFF):
        (tmp_path / f"{number}.py").write_text(text + "\n")
    command = ["ruff", "check", "--no-cache", f"--config={ROOT / 'pyproject.toml'}"]
    words = [sys.executable, "-m", *command, "--output-format=json", str(tmp_path)]
    found = json.loads(subprocess.run(words, capture_output=True, text=True).stdout)
    codes = {(int(Path(fault["filename"]).stem), fault["code"]) for fault in found}
    assert codes >= {(number, code) for number, (_, code) in enumerate(BAD_FOR_RUFF)}


@pytest.fixture(scope="module")
def repository_files() -> list[str]:
    """What git tracks or would add; paths from the root."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert "setup.py" in files
    return files


def test_no_file_is_over_a_megabyte(repository_files):
    sizes = {name: (ROOT / name).stat().st_size for name in repository_files}
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}


def test_no_text_names_one_machine_or_a_registry_host(repository_files):
    contents = {name: (ROOT / name).read_bytes() for name in repository_files}
    texts = {n: data.decode(errors="replace") for n, data in contents.items() if b"\0" not in data}
    complaints = list(marks_of_one_machine(texts))
    assert not complaints, "\n".join(complaints)
