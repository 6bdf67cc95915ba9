"""Module map: what every module of the product is, by the first sentence of its docstring.

`python -m tests.module_map` writes it anew into docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocol", "player", "server_stub", "tui")
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- module map: begin -->\n", "<!-- module map: end -->\n"


def modules() -> list[Path]:
    """Every module, relative to the root; a migration is known by its number alone."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in found if not path.name[0].isdigit()]


def role_of(path: Path) -> str:
    """The first sentence of a module's docstring, without its full stop.

    Raises:
        ValueError: it has none.
    """
    text = ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{path.as_posix()} has no docstring")
    first = re.split(r"(?<=\.)\s", " ".join(text.partition("\n\n")[0].split()), maxsplit=1)[0]
    return first.rstrip(".").replace("|", "\\|")


def module_map() -> str:
    """The map as Markdown: a table for each package."""
    lines: list[str] = []
    folders: dict[Path, list[Path]] = {}
    for path in modules():
        folders.setdefault(path.parent, []).append(path)
    for folder, paths in folders.items():
        package = folder / "__init__.py"
        lines += ["", f"### `{folder.as_posix()}/`", f"{role_of(package)}.", ""]
        rows = [f"| `{path.name}` | {role_of(path)} |" for path in paths if path != package]
        if rows:
            lines += ["| module | what it is |", "|---|---|", *rows]
    return "\n".join(lines[1:]) + "\n"


def page_with_map(page: str) -> str:
    """``page`` with the map as it is now between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{module_map()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_map(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
