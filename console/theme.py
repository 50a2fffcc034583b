"""The territory's own look: its name, its motto and one colour, in ``theme.toml`` of the territory's folder.

The colour carries white text (buttons) and stands as text on white (links), so it must contrast with white by 4.5 to 1
at least (WCAG 2.2, 1.4.3): a paler one is refused, for a page that cannot be read is worse than one in another blue.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from console.errors import ThemeError

FILE = "theme.toml"
MINIMUM_CONTRAST = 4.5
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_KNOWN = frozenset({"name", "motto", "accent"})


@dataclass(frozen=True, slots=True)
class Theme:
    """What the pages of one territory look like."""

    name: str
    motto: str = "D'où viennent les données, ce qu'on en a fait, ce qui est ouvert."
    accent: str = "#155e75"

    def css(self) -> str:
        """A style sheet that sets the accent colour."""
        return f":root {{ --accent: {self.accent}; }}\n"


def load_theme(folder: Path, territory: str) -> Theme:
    """Read the theme of a territory; without a file, the default under the territory's name.

    Raises:
        ThemeError: the file is broken, names an unknown key, or its colour is too pale.
    """
    file = folder / FILE
    if not file.exists():
        return Theme(territory)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"{file} can not be read: {error}") from None
    if unknown := sorted(set(values) - _KNOWN):
        raise ThemeError(f"{file}: unknown key « {unknown[0]} »; known are {', '.join(sorted(_KNOWN))}")
    if wrong := sorted(name for name, value in values.items() if not isinstance(value, str)):
        raise ThemeError(f"{file}: « {wrong[0]} » must be a text")
    theme = Theme(**{"name": territory, **values})
    if not _COLOR.fullmatch(theme.accent):
        raise ThemeError(f"{file}: « accent » must be a colour such as #155e75")
    if (contrast := contrast_with_white(theme.accent)) < MINIMUM_CONTRAST:
        raise ThemeError(f"{file}: « accent » contrasts with white by {contrast:.1f} only; take a darker one")
    return theme


def contrast_with_white(color: str) -> float:
    """Contrast ratio of WCAG 2.2 between white and `color` (``#rrggbb``)."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
