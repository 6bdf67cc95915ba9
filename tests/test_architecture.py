"""What the import contracts cannot say about how the code is built."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocol", "player", "tui", "server_stub")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

IMPURE_MODULES = {
    *("asyncio", "datetime", "logging", "multiprocessing", "os", "random", "secrets", "select"),
    *("signal", "socket", "sqlite3", "subprocess", "sys", "threading", "time"),
}
IMPURE_CALLS = {"open", "print", "input", "uuid1", "uuid4"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def called_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    names.add(name)
                case _:
                    pass
    return names


def catches_everything(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case None | ast.Name(id="Exception" | "BaseException"):
            return True
        case ast.Tuple(elts=kinds):
            return any(
                isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}
                for kind in kinds
            )
        case _:
            return False


def is_reported(handler: ast.ExceptHandler) -> bool:
    """Whether a handler logs what it caught, or raises again."""
    calls = called_names(ast.Module(body=handler.body, type_ignores=[]))
    raises = any(isinstance(node, ast.Raise) for part in handler.body for node in ast.walk(part))
    return raises or bool(calls & {"exception", "error", "critical", "warning", "log"})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_alone(package: str) -> None:
    # An editable install is not listed by its packages, so nobody at all may be listed either.
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"matinee"}
    assert list(importlib.import_module(package).__path__) == [str(ROOT / package)]


def test_tests_are_a_package_that_shadows_none_of_ours() -> None:
    assert (ROOT / "tests" / "__init__.py").is_file()
    folders = {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    assert not folders & set(PACKAGES)


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if name_of(path).startswith("protocol/")], ids=name_of
)
def test_the_protocol_has_no_clock_no_chance_and_no_io(path: Path) -> None:
    tree = parse(path)
    assert not imported_modules(tree) & IMPURE_MODULES
    assert not called_names(tree) & IMPURE_CALLS


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_who_catches_everything_reports_it(path: Path) -> None:
    silent = [
        f"{name_of(path)}:{node.lineno}"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
        if name_of(path).startswith("protocol/") or not is_reported(node)
    ]
    assert not silent, "catches everything, but neither logs it nor raises again"
