from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ThemeError
from console.theme import FILE, Theme, contrast_with_white, load_theme


def test_without_a_file_the_territory_keeps_its_name(tmp_path: Path) -> None:
    assert load_theme(tmp_path, "Angers Loire Métropole") == Theme("Angers Loire Métropole")


def test_the_default_colour_is_readable() -> None:
    assert contrast_with_white(Theme("x").accent) > 4.5


def test_contrast_is_wcags() -> None:
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)


def test_a_territory_sets_its_look(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('name = "Ville"\nmotto = "Devise"\naccent = "#7a1f3d"\n', encoding="utf-8")
    theme = load_theme(tmp_path, "x")
    assert (theme.name, theme.motto) == ("Ville", "Devise")
    assert "#7a1f3d" in theme.css()


@pytest.mark.parametrize(
    "text",
    ['accent = "#ffcc00"', 'accent = "red; } body { display: none"', "accent = 3", 'logo = "x"', "name = "],
)
def test_a_broken_or_pale_theme_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ThemeError, match=FILE):
        load_theme(tmp_path, "x")
