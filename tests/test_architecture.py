"""What the import contracts cannot say about how the code is built."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from tests import module_map
from tui.actions import ACTIONS
from tui.cli.main import cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocol", "player", "tui", "server_stub")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

IMPURE_MODULES = {
    *("asyncio", "datetime", "logging", "multiprocessing", "os", "random", "secrets", "select"),
    *("signal", "socket", "sqlite3", "subprocess", "sys", "threading", "time"),
}
MOST_MODULES = 12
MOST_LINES = 520
MOST_FUNCTION_LINES = 60
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


def called_functions(tree: ast.Module) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


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
    parts = [node for part in handler.body for node in ast.walk(part)]
    logs = {"exception", "error", "critical", "warning"}
    return any(
        isinstance(part, ast.Raise) or (isinstance(part, ast.Attribute) and part.attr in logs)
        for part in parts
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_alone(package: str) -> None:
    # An editable install is not listed by its packages, so nobody at all may be listed either.
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"matinee"}
    assert list(importlib.import_module(package).__path__) == [str(ROOT / package)]


def test_every_folder_of_tests_is_a_package() -> None:
    # Else pytest would put the folder's parent on the path, where it could shadow one of ours.
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert ROOT / "tests" in folders
    assert not {name_of(folder) for folder in folders if not (folder / "__init__.py").is_file()}


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if name_of(path).startswith("protocol/")], ids=name_of
)
def test_the_protocol_has_no_clock_no_chance_and_no_io(path: Path) -> None:
    tree = parse(path)
    assert not imported_modules(tree) & IMPURE_MODULES
    assert not called_functions(tree) & IMPURE_CALLS


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_a_rim_catches_everything(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    handlers = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)]
    broad = [handler for handler in handlers if catches_everything(handler)]
    if name_of(path).startswith("protocol/"):
        assert not broad
    for handler in broad:
        why = lines[handler.lineno - 1].partition("#")[2]
        assert is_reported(handler) or re.search(r"\brim\b", why), (
            f"{name_of(path)}:{handler.lineno}"
        )


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged_events(tree: ast.Module) -> list[tuple[int, ast.expr | None]]:
    """Lines on which something is logged, and what `log_line` gets there as the event."""
    found: list[tuple[int, ast.expr | None]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="logger"), attr=level)):
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="getLogger")), attr=level)
            ):
                pass
            case _:
                continue
        if level in LEVELS:
            match node.args:
                case [ast.Call(func=ast.Name(id="log_line"), args=[event])]:
                    found.append((node.lineno, event))
                case _:
                    found.append((node.lineno, None))
    return found


def test_what_is_logged_is_one_word_and_fields() -> None:
    count = 0
    for path in SOURCES:
        for line, event in logged_events(parse(path)):
            count += 1
            assert isinstance(event, ast.Constant), f"{name_of(path)}:{line}"
            assert re.fullmatch("[a-z]+(_[a-z]+)*", str(event.value)), f"{name_of(path)}:{line}"
    assert count > 20


def test_a_log_is_called_logger() -> None:
    for path in SOURCES:
        for node in parse(path).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Attribute(attr="getLogger")),
                ):
                    assert name == "logger", f"{name_of(path)}:{node.lineno}"
                case _:
                    pass


def modules_of_ours(tree: ast.Module) -> set[str]:
    """The names under which a test has modules of ours."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in PACKAGES:
                folder = ROOT.joinpath(*module.split("."))
                names |= {
                    alias.asname or alias.name
                    for alias in node.names
                    if (folder / f"{alias.name}.py").is_file() or (folder / alias.name).is_dir()
                }
            case ast.Import(names=aliases):
                names |= {
                    alias.asname or alias.name
                    for alias in aliases
                    if alias.name.partition(".")[0] in PACKAGES
                }
            case _:
                pass
    return names


def patched_names(tree: ast.Module) -> list[str]:
    """What is replaced in a module of ours while a test runs."""
    ours, found = modules_of_ours(tree), list[str]()
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "setitem"),
                args=[ast.Constant(value=str(path)), *_],
            ) if path.partition(".")[0] in PACKAGES:
                found.append(path)
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "setitem"),
                args=[ast.Name(id=module), name, *_],
            ) if module in ours:
                found.append(f"{module}.{ast.unparse(name)}")
            case _:
                pass
    return found


def test_no_test_replaces_what_a_module_of_ours_holds() -> None:
    """Durations, sizes and functions are injected: a patch would outlive a rename unseen."""
    allowed = {
        # A command is called by the library that reads the command line, which injects nothing.
        "tests/unit/tui/cli/test_party_commands.py": ["launch.command"],
    }
    paths = sorted((ROOT / "tests").rglob("*.py"))
    patched = {name_of(path): patched_names(parse(path)) for path in paths}
    assert {path: names for path, names in patched.items() if names} == allowed


def test_a_patch_of_ours_is_found_however_it_is_written() -> None:
    text = """
from server_stub.net import gateway
import os
def test(monkeypatch):
    monkeypatch.setattr(gateway, "LIMIT", 1)
    monkeypatch.setattr("player.app.LIMIT", 1)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(os, "write", None)
"""
    assert patched_names(ast.parse(text)) == ["gateway.'LIMIT'", "player.app.LIMIT"]


def test_no_public_class_name_stands_twice() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name_of(path))
    assert not {name: paths for name, paths in homes.items() if len(paths) > 1}


def test_no_folder_holds_more_modules_than_a_person_takes_in() -> None:
    sizes: dict[str, int] = {}
    for path in SOURCES:
        # Migrations are a sequence, which only grows.
        if path.name != "__init__.py" and path.parent.name != "versions":
            folder = name_of(path.parent)
            sizes[folder] = sizes.get(folder, 0) + 1
    assert not {folder: size for folder, size in sizes.items() if size > MOST_MODULES}


def test_no_file_and_no_function_is_too_long_to_take_in() -> None:
    long: list[str] = []
    for path in SOURCES:
        tree = parse(path)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            long.append(f"{name_of(path)}: {lines}")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MOST_FUNCTION_LINES:
                    long.append(f"{name_of(path)}:{node.name}: {length}")
    assert not long


def told_texts(tree: ast.Module) -> list[str]:
    """Texts of several words, but for docstrings and what is said to older seats."""
    passed: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=value):
                passed.add(id(value))
            case ast.AnnAssign(target=ast.Name(id=name)) if name.endswith("_FOR_OLDER_SEATS"):
                passed |= {id(part) for part in ast.walk(node)}
            case _:
                pass
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in passed and " " in node.value.strip()
    ]


def names_keys(text: str) -> bool:
    """Whether a text names a key of the registry, an option or a command of matinee."""
    keys = "|".join(re.escape(action.shown) for action in ACTIONS if action.shown)
    commands = "|".join(cli.commands)
    patterns = (
        rf"\((?:{keys})[,)]",
        rf"(?<![\w'.(-])(?:{keys}) (?:goes|asks|leaves|shows|opens|names)\b",
        r"(?<![\w-])--[a-z]",
        rf"\bmatinee (?:{commands})\b",
    )
    return any(re.search(pattern, text) for pattern in patterns)


@pytest.mark.parametrize(
    "text",
    [
        "say resync (r) to try again",
        "name your copy (f, or copy FILE)",
        "2 more to watch: n goes on to the next film",
        "or add --insecure-lan if you trust this network",
        "run `matinee doctor`",
    ],
)
def test_a_key_an_option_and_a_command_are_seen_in_a_text(text: str) -> None:
    assert names_keys(text)
    assert told_texts(ast.parse(f"x = {text!r}\nY_FOR_OLDER_SEATS: str = {text!r}")) == [text]


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if name_of(path).startswith(("protocol/", "player/"))],
    ids=name_of,
)
def test_below_the_faces_no_text_names_a_key_an_option_or_a_command(path: Path) -> None:
    assert not [text for text in told_texts(parse(path)) if names_keys(text)]


def modules_of_contract(name: str, key: str) -> set[str]:
    page = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (c for c in page["tool"]["importlinter"]["contracts"] if c["name"] == name)
    return set(contract[key])


def parts_of(package: str) -> set[str]:
    names = {name_of(path).split("/")[1] for path in SOURCES if name_of(path).startswith(package)}
    return {f"{package}.{name.removesuffix('.py')}" for name in names - {"__init__.py"}}


def test_of_the_seat_everything_but_its_api_is_forbidden_to_a_face() -> None:
    name = "A face sees of the seat its API and a few values"
    assert modules_of_contract(name, "forbidden_modules") == parts_of("player") - {"player.api"}


def test_everything_of_a_face_but_the_screen_is_held_to_run_without_textual() -> None:
    name = "Everything but the screen runs without Textual"
    assert parts_of("tui") - {"tui.screen"} <= modules_of_contract(name, "source_modules")


def test_the_map_of_modules_is_true_and_complete() -> None:
    page = module_map.PAGE.read_text(encoding="utf-8")
    assert page == module_map.page_with_map(page), "make it anew: python -m tests.module_map"
