"""The colours of matinee: dark by default, light, and high contrast for few colours."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

VARIABLES: Final = {"muted": "#8b91a8", "faint": "#585e74", "rule": "#3a3d48"}
"""Own names of colours, for the themes that do not set them."""

# Greys that have a near neighbour among 256 colours, so that none turns navy there.
DARK: Final = Theme(
    name="matinee-dark",
    primary="#ffb454",
    secondary="#7aa2f7",
    accent="#7aa2f7",
    success="#7ee08c",
    warning="#f2c06b",
    error="#ff7a90",
    foreground="#dfe3f2",
    background="#121318",
    surface="#1c1d22",
    panel="#262830",
    boost="#303440",
    dark=True,
    variables={
        "muted": "#8b91a8",
        "faint": "#585e74",
        "rule": "#3a3d48",
    },
)

LIGHT: Final = Theme(
    name="matinee-light",
    primary="#a85b00",
    secondary="#2f5fd0",
    accent="#2f5fd0",
    success="#1d7a35",
    warning="#9a6200",
    error="#c02a45",
    foreground="#20232e",
    background="#faf8f3",
    surface="#f2efe6",
    panel="#e8e4d8",
    boost="#ded9ca",
    dark=False,
    variables={"muted": "#666a7a", "faint": "#b3b0a5", "rule": "#cfcabb"},
)

# Colours that every 16-colour terminal has, so that nothing is mixed into mud.
CONTRAST: Final = Theme(
    name="matinee-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#00ffff",
    success="#00ff00",
    warning="#ffff00",
    error="#ff0000",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    dark=True,
    variables={"muted": "#c0c0c0", "faint": "#808080", "rule": "#808080"},
)

THEMES: Final = (DARK, LIGHT, CONTRAST)


def theme_for(chosen: str, color_system: str | None) -> str:
    """The theme that was chosen, or the one that fits the terminal.

    Args:
        chosen: name, or "".
        color_system: Rich's name of what the terminal can do; None for no colours at all.
    """
    if chosen:
        return chosen
    return CONTRAST.name if color_system in (None, "standard") else DARK.name
