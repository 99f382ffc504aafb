"""The flow of pictures through the study, with the number at each step, drawn as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from medxai_core.report.facts import ReportFacts
from medxai_core.views.own_masks import count_drawn_frames

WIDTH, BOX_WIDTH, LINE, PAD = 720, 168, 15, 9
COLUMNS = (0, 184, 368, 552)
ROW_GAP = 30
CHOICES = {
    "tuning": "chosen on tuning pictures",
    "eye": "chosen by eye",
    "paper": "the paper's",
    "recommended": "fixed beforehand",
    "test": "chosen on test pictures",
}
"""How layer and threshold were found, in few words."""


@dataclass(frozen=True)
class Box:
    """Hold one box: where it stands, in user units, and its lines; the first is set bold."""

    x: float
    y: float
    lines: tuple[str, ...]
    width: float = BOX_WIDTH

    @property
    def height(self) -> float:
        """Return how high the box must be for its lines."""
        return len(self.lines) * LINE + 2 * PAD

    @property
    def bottom(self) -> tuple[float, float]:
        """Return the middle of the lower side."""
        return self.x + self.width / 2, self.y + self.height

    @property
    def top(self) -> tuple[float, float]:
        """Return the middle of the upper side."""
        return self.x + self.width / 2, self.y


def draw_flow(facts: ReportFacts) -> str:
    """Draw how many pictures there are at each step, from the files to the scores.

    Returns
    -------
    str
        One SVG element without links to anything outside.
    """
    boxes, arrows = _lay_out(facts)
    height = max(box.y + box.height for box in boxes) + 4
    body = "".join([*map(_draw_arrow, arrows), *map(_draw_box, boxes)])
    head = f'<svg class="flow" viewBox="0 0 {WIDTH} {height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg">'
    return f"{head}<title>Flow of pictures</title>{body}</svg>"


def _lay_out(facts: ReportFacts) -> tuple[list[Box], list[tuple[Box, Box]]]:
    """Return boxes and which leads to which."""
    n_files, n_left_out = _count_files(facts)
    n, n_removed = int(facts.images.is_present.sum()), int((~facts.images.is_present).sum())
    found = Box(276, 2, ("Files found", f"{n_files:,}"))
    left_out = Box(552, 2, ("Left out", f"{n_left_out:,} unreadable or copies", f"{n_removed:,} removed later"))
    kept = Box(276, left_out.y + left_out.height + ROW_GAP, ("Pictures", f"{n:,} in {facts.n_groups:,} groups"))
    y = kept.y + kept.height + ROW_GAP
    splits = [
        Box(x, y, (one.split.capitalize(), f"{one.n_images:,} pictures", f"{one.n_items:,} items"))
        for x, one in zip(COLUMNS, facts.counts, strict=True)
    ]
    y += splits[0].height + ROW_GAP
    uses = [Box(x, y, lines) for x, lines in zip(COLUMNS, _name_uses(facts), strict=True)]
    arrows = [(found, kept), (found, left_out), *((kept, box) for box in splits), *zip(splits, uses, strict=True)]
    return [found, left_out, kept, *splits, *uses], arrows


def _count_files(facts: ReportFacts) -> tuple[int, int]:
    """Return the number of files that were found, and of those that were left out."""
    n_left_out = len(facts.study.list_failures())
    return len(facts.images) + n_left_out, n_left_out


def _name_uses(facts: ReportFacts) -> list[tuple[str, ...]]:
    """Return what became of each split, in order of `facts.counts`."""
    counts = facts.run.manifest.get("label_counts", {})
    by_source = {source: sum(by_class.values()) for source, by_class in counts.items()}
    n_validation = facts.run.manifest.get("n_validation", 0)
    learned = (
        "Labels it learned from",
        f"{by_source.get('reference', 0):,} given",
        f"{by_source.get('review', 0):,} by readers",
    )
    is_segmenter, drawn = facts.run.mask_head is not None, count_drawn_frames(facts.run)
    frames = (f"{drawn:,} drawn frames beside",) if is_segmenter and drawn else ()
    looked_at = ("Looked at, chose nothing",) if is_segmenter else ("Chose the best epoch",)
    uses = {
        "train": (*learned, f"{by_source.get('cluster', 0):,} proposed by clusters", *frames),
        "validation": (*looked_at, f"{n_validation:,} items"),
        "tuning": ("Setting", CHOICES[facts.setting.chosen_on] if facts.setting else "nothing locked"),
        "test": _name_test(facts),
    }
    return [uses[one.split] for one in facts.counts]


def _name_test(facts: ReportFacts) -> tuple[str, ...]:
    """Return what became of the test pictures."""
    if facts.pictures is None:
        return "Scores", "not opened yet"
    n_polyp = sum(score.counts.has_polyp for score in facts.pictures.scores)
    return "Scored", f"{n_polyp:,} with a polyp", f"{len(facts.pictures) - n_polyp:,} without"


def _draw_box(box: Box) -> str:
    """Draw a box with its lines."""
    x = box.x + box.width / 2
    lines = "".join(
        f'<text x="{x:g}" y="{box.y + PAD + (number + 0.78) * LINE:g}" text-anchor="middle"'
        f"{' font-weight=' + chr(34) + '600' + chr(34) if number == 0 else ''}>{escape(line)}</text>"
        for number, line in enumerate(box.lines)
    )
    return f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="6"/>{lines}'


def _draw_arrow(arrow: tuple[Box, Box]) -> str:
    """Draw the way from one box to another: sideways when they stand side by side, else down."""
    first, second = arrow
    if first.y == second.y:
        x, y, end = first.x + first.width, first.y + 20, second.x - 6
        return f'<path d="M{x:g} {y:g}H{end:g}"/>{_draw_head(end, y, sideways=True)}'
    (x0, y0), (x1, y1) = first.bottom, second.top
    middle = y1 - ROW_GAP / 2
    return f'<path d="M{x0:g} {y0:g}V{middle:g}H{x1:g}V{y1 - 6:g}"/>{_draw_head(x1, y1 - 6)}'


def _draw_head(x: float, y: float, *, sideways: bool = False) -> str:
    """Draw the head of an arrow."""
    points = (
        f"{x:g},{y - 4:g} {x + 6:g},{y:g} {x:g},{y + 4:g}"
        if sideways
        else f"{x - 4:g},{y:g} {x + 4:g},{y:g} {x:g},{y + 6:g}"
    )
    return f'<polygon points="{points}"/>'
