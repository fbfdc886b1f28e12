"""Every pair of text and ground in the console has the contrast that WCAG 2.1 AA asks of text, in both themes."""

import re
from pathlib import Path

import pytest

_CSS = (Path(__file__).parents[2] / "api/console/static/css/tokens.css").read_text()
_GROUNDS = ("ground", "raised", "sunk")
PAIRS = [
    *((text, ground) for ground in _GROUNDS for text in ("text", "muted", "accent")),
    ("on-accent", "accent"),
    ("text", "accent-soft"),
    ("muted", "accent-soft"),
    ("good", "good-soft"),
    ("text", "good-soft"),
    ("bad", "bad-soft"),
    ("bad", "raised"),
    ("raised", "bad"),
    ("text", "bad-soft"),
    ("warn", "warn-soft"),
]


def tokens(theme: str) -> dict[str, str]:
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", _CSS)
    return {name: light if theme == "light" else dark for name, light, dark in found}


def luminance(colour: str) -> float:
    """WCAG 2.1: relative luminance of sRGB."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    colours = tokens(theme)
    high, low = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
