"""Bars with intervals, drawn as SVG from recorded figures."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

WIDTH, LABEL_WIDTH, ROW, BAR = 720, 250, 30, 14
RIGHT = 60


@dataclass(frozen=True)
class Bar:
    """Hold one bar: its name, its value in [0, 1] and the 95 % interval of it; `is_own` sets it apart."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    is_own: bool = False


def draw_bars(bars: list[Bar], *, title: str) -> str:
    """Draw one horizontal bar a value, from 0 to 1, with its interval.

    Parameters
    ----------
    bars : list of Bar
        An undefined value is written as such.
    title : str
        For readers who do not see the drawing.

    Returns
    -------
    str
        One SVG element.
    """
    height = ROW * len(bars) + 26
    span = WIDTH - LABEL_WIDTH - RIGHT
    parts = [f'<svg class="bars" viewBox="0 0 {WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">']
    parts.append(f"<title>{escape(title)}</title>")
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = LABEL_WIDTH + span * tick
        parts.append(f'<path class="grid" d="M{x:g} 0V{height - 22}"/>')
        parts.append(f'<text class="tick" x="{x:g}" y="{height - 6}" text-anchor="middle">{tick:g}</text>')
    parts += [_draw_bar(bar, place, span) for place, bar in enumerate(bars)]
    return "".join([*parts, "</svg>"])


def _draw_bar(bar: Bar, place: int, span: float) -> str:
    """Draw one bar with its name, value and interval."""
    y = place * ROW + (ROW - BAR) / 2
    middle = y + BAR / 2
    name = f'<text x="{LABEL_WIDTH - 10}" y="{middle + 4:g}" text-anchor="end">{escape(bar.name)}</text>'
    if bar.value is None:
        return f'{name}<text x="{LABEL_WIDTH + 6}" y="{middle + 4:g}">undefined</text>'
    kind = "own" if bar.is_own else "other"
    drawn = (
        f'<rect class="{kind}" x="{LABEL_WIDTH}" y="{y:g}" width="{max(span * bar.value, 1):g}" height="{BAR}" rx="2"/>'
    )
    end = bar.value
    if bar.low is not None and bar.high is not None:
        low, high = LABEL_WIDTH + span * bar.low, LABEL_WIDTH + span * bar.high
        ends = f"M{low:g} {middle - 4:g}v8M{high:g} {middle - 4:g}v8"
        drawn += f'<path class="interval" d="M{low:g} {middle:g}H{high:g}{ends}"/>'
        end = bar.high
    x = LABEL_WIDTH + span * end + 8
    return f'{name}{drawn}<text class="value" x="{x:g}" y="{middle + 4:g}">{bar.value:.3f}</text>'
