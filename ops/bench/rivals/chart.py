"""Draws what was measured: a bar a contender, its runs as a line from the lowest to the highest.

Plain SVG, so that it needs no library and a diff can be read.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ops.bench.rivals.compare import CPU, RATE
from ops.bench.rivals.measured import Measured

LEFT, WIDTH, BAR, GAP, HEAD = 230, 300, 16, 30, 26  # pixels
COLOURS = ("#1f5fa8", "#8a8a8a", "#c98a2b", "#7a9a3a")
PANELS = (
    (RATE, "events a second (more is better)"),
    (CPU, "processor seconds per 1,000 events (less is better)"),
)


def chart(figures: Sequence[Measured]) -> str:
    """The SVG: a group of bars for each workload, a column for each panel."""
    benches = list(dict.fromkeys(one.bench for one in figures))
    contenders = list(dict.fromkeys(one.who for one in figures))
    colours = {who: COLOURS[i % len(COLOURS)] for i, who in enumerate(contenders)}
    parts: list[str] = []
    height = 0
    for column, (what, title) in enumerate(PANELS):
        left = LEFT + column * (WIDTH + 90)
        parts.append(_text(left, 18, title, "bold"))
        top = HEAD
        for bench in benches:
            shown = [one for one in figures if one.bench == bench and one.what == what]
            parts += _group(left, top, bench if column == 0 else "", shown, colours)
            top += GAP + BAR * len(shown)
        height = max(height, top)
    width = LEFT + len(PANELS) * (WIDTH + 90)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 10}" '
        f'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{height + 10}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _group(
    left: int, top: int, bench: str, shown: Sequence[Measured], colours: dict[str, str]
) -> list[str]:
    """The bars of one workload, all on the scale of its longest."""
    longest = max((max(one.runs) for one in shown), default=1.0)
    scale = WIDTH / longest
    parts = [_text(8, top + 16, bench, "bold")] if bench else []
    for row, one in enumerate(shown):
        y = top + 20 + row * BAR
        if bench:
            parts.append(_text(16, y + 11, one.who))
        middle = y + BAR / 2 - 1
        low, high = left + min(one.runs) * scale, left + max(one.runs) * scale
        words = f"{one.median:,.0f}" if one.median >= 10 else f"{one.median:.2g}"
        parts.append(
            f'<rect x="{left}" y="{y}" width="{one.median * scale:.1f}" height="{BAR - 3}" '
            f'fill="{colours[one.who]}"/>'
        )
        parts.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="black"/>'
        )
        parts.append(_text(high + 6, y + 11, words))
    return parts


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}">{escape(words)}</text>'
