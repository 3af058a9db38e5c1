"""The repository's Python sources and what they import; shared by the tests that read them."""

import ast
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
MODULE_PATH = os.pathsep.join([str(ROOT), str(SUPPORT)])  # where other processes find modules
PRODUCT = ("anomaly/", "tools/", "vae_wgan/")

parse = cache(ast.parse)


@cache
def repository_sources() -> dict[str, str]:
    """Text of each Python file by its path from the root, with slashes."""
    paths = [ROOT / "setup.py"]
    for folder in (*PRODUCT, "scripts/", "tests/"):
        paths += sorted((ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


def module_name(path: str) -> str:
    """Dotted name of the module in a file, tools/run/__init__.py: tools.run."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_names(text: str) -> Iterator[str]:
    """Dotted names that a module imports absolutely, in functions too; `from a import b`: a.b."""
    for node in ast.walk(parse(text)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name("import_module" | "__import__"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield module


def own_imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """For each module the other modules among the sources that it imports, at any level of it."""
    modules = {module_name(path) for path in sources}
    return {
        module_name(path): {
            target
            for name in imported_names(text)
            if (target := _longest_known(name, modules)) and target != module_name(path)
        }
        for path, text in sources.items()
    }


def _longest_known(name: str, modules: set[str]) -> str | None:
    """The module that a dotted name lies in; None: it is not one of ours."""
    while name not in modules:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return None
    return name
