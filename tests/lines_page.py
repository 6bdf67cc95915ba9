"""``docs/lines.md``, made from the types that the lines are: it cannot lag behind them."""

from __future__ import annotations

import ast
import inspect
import sys
import types
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from player.api import intents, views

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = """# The lines of a seat

What `--json` prints and understands, and what the screen is drawn from. One JSON object a
line; `event` names it. Fields that end in `_ms` are milliseconds, other times are seconds.
A reader should ignore fields and events that it does not know.

`ready` comes first, when the seat has joined; then `media` when the film is open, and `status`
about once a second. `ended` is the last line. In `matinee demo --json`, lines of the second
seat have `"seat": "second"`.
"""

_INTENTS = """
## What a seat understands

One line each on standard input, as words or as an object: `seek 4:30` and
`{"intent": "seek", "position": 270}` are the same. A wrong line is answered with an `error`
that names the field; what a viewer may not ask for is answered with `view_only`.

| words | object | does |
|---|---|---|
"""


def lines_page() -> str:
    """The page as Markdown."""
    kinds = typing.get_args(views.AnyView)
    said = "\n".join(_section(kind) for kind in kinds)
    return f"{_HEAD}\n## What a seat says\n\n{said}{_INTENTS}{_intent_rows()}"


def _section(kind: type[msgspec.Struct]) -> str:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    notes = dict(_field_notes(kind))
    fields = "".join(
        f"- `{field.encode_name}`{': ' + notes[field.name] if field.name in notes else ''}\n"
        for field in info.fields
    )
    return f"### `{info.tag}`\n{_first_line(kind)}\n\n{fields}"


def _intent_rows() -> str:
    kinds = typing.get_args(intents.AnyIntent)
    rows: list[str] = []
    for kind in kinds:
        info = msgspec.inspect.type_info(kind)
        assert isinstance(info, msgspec.inspect.StructType)
        word = intents.word_of(kind)
        names = [field.encode_name for field in info.fields]
        arguments = [(a.encode_name.upper(), a.required) for a in intents.arguments_of(kind)]
        spoken = [name if required else f"[{name}]" for name, required in arguments]
        words = f"`{' '.join([word, *spoken])}`"
        fields = "".join(f', "{name}": …' for name in names)
        rows.append(
            f"| {words if kind.has_words else ''} |"
            f' `{{"intent": "{word}"{fields}}}` | {_first_line(kind)} |\n'
        )
    return "".join(rows)


def _first_line(kind: type[Any]) -> str:
    return (
        inspect.cleandoc(kind.__doc__ or "")
        .partition("\n\n")[0]
        .replace("\n", " ")
        .replace("``", "`")
    )


def _field_notes(kind: type[Any]) -> Iterable[tuple[str, str]]:
    """Field names and the strings under them, those of base classes too."""
    for base in reversed(kind.__mro__):
        if base.__module__ != views.__name__ or isinstance(base, types.GenericAlias):
            continue
        body = ast.parse(inspect.getsource(base)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, note in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match note:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield field.target.id, " ".join(text.replace("``", "`").split())
                    case _:
                        pass


if __name__ == "__main__":
    sys.stdout.write(lines_page())
