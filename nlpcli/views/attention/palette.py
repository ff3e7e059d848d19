"""Colors of weights and of patterns, the same on terminals, pages and pictures."""

from __future__ import annotations

import math

Color = tuple[int, int, int]

# viridis (Smith and van der Walt 2015), which darkens evenly and is told apart with every kind of color vision.
RAMP: tuple[Color, ...] = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
    (110, 206, 88), (181, 222, 43), (253, 231, 37),
)  # fmt: skip
SHADES = " ░▒▓█"

# Pattern → its letter in the overview, and its color (Okabe and Ito's, lightened where letters stand on it).
PATTERNS: dict[str, tuple[str, Color]] = {
    "previous token": ("P", (0, 114, 178)),
    "next token": ("N", (86, 180, 233)),
    "current token": ("C", (0, 158, 115)),
    "same token": ("S", (120, 190, 32)),
    "induction": ("I", (204, 121, 167)),
    "first-token sink": ("F", (213, 94, 0)),
    "separators": ("X", (230, 159, 0)),
    "punctuation": ("U", (200, 180, 60)),
    "monotone alignment": ("A", (0, 130, 130)),
    "focused": ("O", (150, 90, 200)),
    "broad": ("B", (120, 120, 130)),
    "mixed": ("M", (90, 90, 100)),
}


def shade_of(weight: float, largest: float) -> float:
    """0 to 1: the square root, so that small weights are seen beside one that takes nearly all."""
    return math.sqrt(min(1.0, max(0.0, weight / largest))) if largest > 0 else 0.0


def color_of(shade: float) -> Color:
    """A color of the ramp."""
    place = max(0.0, min(1.0, shade)) * (len(RAMP) - 1)
    lower = min(int(place), len(RAMP) - 2)
    return blend(RAMP[lower], RAMP[lower + 1], place - lower)


def blend(first: Color, second: Color, share: float) -> Color:
    """`share` of the second color in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def hexadecimal(color: Color) -> str:
    """As CSS and Rich write it."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def letter_color(background: Color) -> str:
    """Black or white, whichever is read better on the background (WCAG's relative luminance)."""
    red, green, blue = ((part / 255) ** 2.2 for part in background)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#ffffff"
