"""Breaks formulas at random, one place at a time, and asks their tests whether they notice.

python scripts/mutate.py                       50 mutants, half an hour on two cores
python scripts/mutate.py --count=5 --modules=tools/scores/counts.py

A mutant has one sign, operator, comparison or number changed. The tests are those that import the
module, less the slow ones; they run in a copy of the checkout, and must pass there before anything
is changed. Writes a line per mutant, and how many were caught. Some that live on are no worse than
the original: read them.
"""

import argparse
import ast
import copy
import functools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.script_start import run_script
from tools.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
FORMULAS = (
    "anomaly/machinery/attacks.py",
    "anomaly/machinery/detector_losses.py",
    "tools/analysis/sections/pools.py",
    "tools/data/corruptions/masks.py",
    "tools/data/images/preprocessing.py",
    "tools/data/corruptions/resampling.py",
    "tools/data/tables/table_splits.py",
    "tools/scores/altered_scores.py",
    "tools/scores/bootstrap.py",
    "tools/scores/calibrated.py",
    "tools/scores/counts.py",
    "tools/scores/ensemble_statistics.py",
    "tools/scores/input_statistics.py",
    "tools/scores/intervals.py",
    "tools/scores/metrics.py",
    "tools/scores/score_registry.py",
    "vae_wgan/ensemble/adversarial_inputs.py",
    "vae_wgan/layers/convolutions.py",
    "vae_wgan/vae/gradient_norms.py",
    "vae_wgan/vae/likelihood_regret.py",
    "vae_wgan/vae/pixel_likelihoods.py",
    "vae_wgan/vae/pixel_noise.py",
    "vae_wgan/vae/priors.py",
    "vae_wgan/table/table_likelihoods.py",
    "vae_wgan/vae/vae.py",
    "vae_wgan/wgan/wgan.py",
)
MOST_SECONDS = 600  # for a module's tests; a mutant that hangs counts as caught
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


class Mutant(NamedTuple):
    """A changed source and a description of the change."""

    source: str
    change: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries some mutants; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=50, help="mutants; default: %(default)s")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the choice; default: %(default)s"
    )
    parser.add_argument(
        "--modules",
        default=",".join(FORMULAS),
        help="paths of modules, separated by commas; default: all files of formulas",
    )
    return run_script(parser, _try_mutants, arguments)


def mutants_of(source: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of the source."""
    tree = ast.parse(source)
    unseen = _no_formulas(tree)
    for node in ast.walk(tree):
        if node not in unseen and (changed := _changed(node)) is not None:
            before = ast.get_source_segment(source, node)
            after = f"({ast.unparse(changed)})"
            start = _offset(source, node.lineno, node.col_offset)
            end = _offset(source, node.end_lineno, node.end_col_offset)
            change = f"line {node.lineno}: {' '.join(before.split())} -> {after}"
            yield Mutant(source[:start] + after + source[end:], change)


def _no_formulas(tree: ast.AST) -> set[ast.AST]:
    """Parts that are not mutated, since sound code works without them: decorators, zip's strict."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "strict":
            found.add(node.value)
        for decorator in getattr(node, "decorator_list", ()):
            found.update(ast.walk(decorator))
    return found


def _changed(node: ast.AST) -> ast.expr | None:
    """The expression with its own operator or number changed; None: it has none."""
    new = copy.copy(node)
    match new:
        case ast.BinOp() | ast.BoolOp() if type(new.op) in OPERATORS:
            new.op = OPERATORS[type(new.op)]()
        case ast.Compare(ops=[op]) if type(op) in OPERATORS:
            new.ops = [OPERATORS[type(op)]()]
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            return operand
        case ast.Constant(value=bool(value)):
            new.value = not value
        case ast.Constant(value=int(value) | float(value)) if value + 1 != value:
            new.value = value + 1
        case _:
            return None
    return new


def _offset(source: str, line: int, column: int) -> int:
    """Index in the text of a place in the syntax tree, whose columns count UTF-8 bytes."""
    lines = source.splitlines(keepends=True)
    inside = lines[line - 1].encode()[:column].decode()
    return sum(map(len, lines[: line - 1])) + len(inside)


@functools.cache
def _tests_of(module: str) -> list[str]:
    """Test files that import a module; those with few imports, which end soon, come first."""
    name = module.removesuffix(".py").replace("/", ".")
    package, _, last = name.rpartition(".")
    imports = (f"from {name} import", f"import {name}", f"from {package} import {last}")
    texts = {path: path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    found = [path for path, text in texts.items() if any(words in text for words in imports)]
    found.sort(key=lambda path: texts[path].count("import "))
    return [str(path.relative_to(ROOT)) for path in found]


def _try_mutants(options: argparse.Namespace) -> None:
    modules = options.modules.split(",")
    if unknown := [module for module in modules if not (ROOT / module).is_file()]:
        raise InputError(f"--modules={','.join(unknown)}: no such file in {ROOT}")
    choice = random.Random(options.seed)
    found = [
        (module, mutant)
        for module in modules
        for mutant in mutants_of((ROOT / module).read_text("utf-8"))
    ]
    chosen = sorted(choice.sample(found, min(options.count, len(found))))
    caught = 0
    with tempfile.TemporaryDirectory() as folder:
        checkout = _copy_of_checkout(Path(folder))
        for module in dict.fromkeys(module for module, _ in chosen):
            if not _pass(checkout, module):
                raise InputError(f"the tests of {module} fail before anything is changed")
        for module, mutant in chosen:
            (checkout / module).write_text(mutant.source, "utf-8")
            is_caught = not _pass(checkout, module)
            shutil.copy(ROOT / module, checkout / module)
            caught += is_caught
            sys.stdout.write(f"{'caught' if is_caught else 'LIVES'}: {module}, {mutant.change}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{caught} of {len(chosen)} mutants were caught.\n")


def _copy_of_checkout(folder: Path) -> Path:
    """All files but those that Git ignores; tests read README.md and setup.py too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():  # otherwise it is deleted but not yet committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def _pass(checkout: Path, module: str) -> bool:
    """Whether the module's tests pass in the copy."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
    ]
    try:
        done = subprocess.run(
            [*command, *_tests_of(module)],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
