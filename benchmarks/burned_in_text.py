"""Measure how much burned-in text is found, and how often something else is taken for it.

Drawn text over phantom frames gives what is found (by size, colour, place and typeface) and what is found on
frames without any. With ``--pictures FOLDER`` real pictures are looked at too: what is found among them is written
as contact sheets, to be judged by eye.

    python benchmarks/burned_in_text.py
    python benchmarks/burned_in_text.py --pictures /data/kvasir_seg/images --sheets build/text
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.append(str(Path(__file__).resolve().parents[1]))

from medxai_core.errors import MedxaiError
from medxai_core.formats.listing import list_pictures
from medxai_core.images import load_image
from medxai_core.phantom import draw_frame
from medxai_core.studies.burned_in_text import TextRow, find_burned_in_text

LINES = ("NAME: DOE JANE", "Mueller, Karl-Heinz", "D.O.B. 03/07/1961", "14/11/2012 10:22:07", "ID 4829113")
COLORS = {"white": (255, 255, 255), "grey": (190, 190, 190), "yellow": (255, 255, 0), "green": (0, 255, 0),
          "cyan": (0, 255, 255), "red": (255, 40, 40)}  # fmt: skip
SIZES = (9, 12, 16, 24, 36)  # pixels an em
TYPEFACES = {"Pillow": None, "sans": "DejaVuSans.ttf", "mono": "DejaVuSansMono.ttf", "serif": "DejaVuSerif.ttf",
             "narrow": "LiberationSansNarrow-Regular.ttf", "bold": "DejaVuSans-Bold.ttf"}  # fmt: skip
QUALITY = 85  # of the JPEG that the frame is saved as, after the text was drawn
A_SHEET = 40


def main() -> None:
    """Print the shares, and write sheets of real pictures where they are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300, help="Phantom frames with text, and as many without.")
    parser.add_argument("--pictures", type=Path, help="Folder of real pictures.")
    parser.add_argument("--sheets", type=Path, default=Path("build/burned_in_text"), help="Where sheets are written.")
    given = parser.parse_args()
    _measure_drawn(given.frames)
    _measure_speed()
    if given.pictures is not None:
        _look_at(given.pictures, given.sheets)


def _measure_drawn(n_frames: int) -> None:
    """Print how many frames with drawn text are found, and how many without any."""
    rng, frames = np.random.default_rng(0), [draw_frame(seed, with_polyp=seed % 2 == 0).image for seed in range(60)]
    typefaces = {name: path for name, path in TYPEFACES.items() if _can_load(path)}
    found: dict[str, list[bool]] = defaultdict(list)
    for number in range(n_frames):
        facts = {
            "size": str(rng.choice(SIZES)),
            "colour": str(rng.choice(list(COLORS))),
            "typeface": str(rng.choice(list(typefaces))),
            "place": str(rng.choice(["dark surround", "over tissue"])),
        }
        image = _draw_text(rng, frames[number % len(frames)], typefaces[facts["typeface"]], facts)
        is_found = bool(find_burned_in_text(_save_and_load(image)))
        for kind, value in facts.items():
            found[f"{kind}: {value}"].append(is_found)
        if facts["colour"] != "red":
            found["all but red"].append(is_found)
    for name in sorted(found):
        _say(f"found, {name}: {sum(found[name])} of {len(found[name])} ({100 * np.mean(found[name]):.0f} %)")
    clean = (draw_frame(1000 + seed, with_polyp=seed % 2 == 0).image for seed in range(n_frames))
    n_wrong = sum(bool(find_burned_in_text(_save_and_load(image))) for image in clean)
    _say(f"taken for text on phantom frames without any: {n_wrong} of {n_frames}")


def _can_load(path: str | None) -> bool:
    """Return True for a typeface that is on this computer."""
    try:
        _load_font(path, 12)
    except OSError:
        return False
    return True


def _load_font(path: str | None, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load a typeface; None is the one that comes with Pillow."""
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)


def _draw_text(rng: np.random.Generator, frame: np.ndarray, path: str | None, facts: dict[str, str]) -> np.ndarray:
    """Draw one to three lines at the left, over tissue or over a black margin beside it."""
    size = int(facts["size"])
    font, lines = _load_font(path, size), list(rng.permutation(LINES)[: rng.integers(1, 4)])
    is_beside = facts["place"] == "dark surround"
    margin = int(max(font.getlength(line) for line in lines)) + 20 if is_beside else 0
    image = np.pad(frame, ((0, 0), (margin, 0), (0, 0)))
    picture = Image.fromarray(image)
    draw, left = ImageDraw.Draw(picture), 8 if is_beside else int(0.25 * image.shape[1])
    top = int(rng.integers(int(0.1 * image.shape[0]), int(0.6 * image.shape[0])))
    for number, line in enumerate(lines):
        draw.text((left, top + number * 1.4 * size), line, fill=COLORS[facts["colour"]], font=font)
    return np.asarray(picture)


def _save_and_load(image: np.ndarray) -> np.ndarray:
    """Return the picture as it is after it was saved as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=QUALITY)
    return np.array(Image.open(buffer).convert("RGB"))


def _measure_speed() -> None:
    """Print how long one picture takes."""
    for width, height in ((512, 416), (1280, 1024), (1920, 1080)):
        image = draw_frame(5, width=width, height=height, with_polyp=True).image
        times = []
        for _ in range(20):
            started = time.perf_counter()
            find_burned_in_text(image)
            times.append(time.perf_counter() - started)
        _say(f"{width} x {height}: {1000 * np.median(times):.1f} ms a picture (median of 20)")


def _look_at(folder: Path, sheets: Path) -> None:
    """Look at every picture of a folder; write sheets of some in which text was found, and of some in which not."""
    found, others, n_pictures, seconds = [], [], 0, 0.0
    for name in list_pictures(folder).relative_paths:
        try:
            image = load_image(folder / name)
        except MedxaiError:
            continue
        started = time.perf_counter()
        rows = find_burned_in_text(image)
        seconds += time.perf_counter() - started
        n_pictures += 1
        (found if rows else others).append((folder / name, rows))
    average = 1000 * seconds / max(1, n_pictures)
    _say(f"{folder.name}: text found in {len(found)} of {n_pictures}; {average:.1f} ms a picture")
    sheets.mkdir(parents=True, exist_ok=True)
    for name, entries in (("found", found), ("not_found", others)):
        if entries:
            _write_sheet(entries[:: max(1, len(entries) // A_SHEET)][:A_SHEET], sheets / f"{name}.png")


def _write_sheet(entries: list[tuple[Path, list[TextRow]]], path: Path) -> None:
    """Write pictures with what was found framed, eight in a row."""
    sheet = Image.new("RGB", (8 * 320, -(-len(entries) // 8) * 270))
    for number, (picture, rows) in enumerate(entries):
        image = Image.fromarray(load_image(picture))
        draw = ImageDraw.Draw(image)
        for row in rows:
            x, y = image.size
            draw.rectangle((row.x0 * x - 3, row.y0 * y - 3, row.x1 * x + 3, row.y1 * y + 3), outline=(0, 255, 255))
        image.thumbnail((316, 266))
        sheet.paste(image, (number % 8 * 320, number // 8 * 270))
    sheet.save(path)
    _say(f"wrote {path}")


def _say(words: str) -> None:
    """Print a line."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
