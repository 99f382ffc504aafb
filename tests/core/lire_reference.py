"""The four LIRE features a second time: slow, literal, sharing no code with medxai_core.

Each step is written as the specification words it, on the whole picture, so that the fast form can be held
against it on any picture.
"""

from __future__ import annotations

import math

import numpy as np


def compute_linear_grey(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Return the linear-light grey of 8-bit colours, 0..255 int64, by the literal formula."""
    s = []
    for i in range(1024):
        u = i / 1023
        f = u / 12.92 if u <= 0.04045 else ((u + 0.055) / 1.055) ** 2.4
        s.append(math.floor(65535 * f + 0.5))
    light = []
    for v in range(256):
        t = 257 * 1023 * v
        t += (t + 32767) // 65535
        k, r = t >> 16, t & 65535
        value = s[k] + (((s[min(k + 1, 1023)] - s[k]) * r + 32768) >> 16)
        light.append(float(np.float32(value) / np.float32(65535)))
    m = 1 + 32767 / 32768
    table = np.array(light)
    y = table[red] * (14574 / 65536 / m) + table[green] * (46992 / 65536 / m) + table[blue] * (3971 / 65536 / m)
    y = y.astype(np.float32)
    z = (y.astype(np.float64) * m).astype(np.float32)
    q = np.minimum(65535, np.floor(z.astype(np.float64) * 65535 + 0.5)).astype(np.int64)
    return (q * 65281 + 8388608) >> 24


def edge_histogram(image: np.ndarray) -> list[float]:
    """Return the 80 numbers of section 4."""
    height, width = image.shape[:2]
    r, g, b = (image[:, :, c].astype(np.float64) for c in range(3))
    luma = np.trunc(219 * ((0.299 * r + 0.587 * g + 0.114 * b) / 256) + 16.5)
    s = max(2, 2 * math.floor(math.trunc(math.sqrt(width * height / 1100)) / 2))
    h = s // 2
    count = [[0] * 5 for _ in range(16)]
    blocks = [0] * 16
    for y in range(0, height - s + 1, s):
        for x in range(0, width - s + 1, s):
            region = (4 * x // width) + 4 * (4 * y // height)
            blocks[region] += 1
            kind = _edge_kind(luma[y : y + s, x : x + s], s, h)
            if kind is not None:
                count[region][kind] += 1
    levels = (
        (0.010867, 0.057915, 0.099526, 0.144849, 0.195573, 0.260504, 0.358031, 0.530128),
        (0.012266, 0.069934, 0.125879, 0.182307, 0.243396, 0.314563, 0.411728, 0.564319),
        (0.004193, 0.025852, 0.046860, 0.068519, 0.093286, 0.123490, 0.161505, 0.228960),
        (0.004174, 0.025924, 0.046232, 0.067163, 0.089655, 0.115391, 0.151904, 0.217745),
        (0.006778, 0.051667, 0.108650, 0.166257, 0.224226, 0.285691, 0.356375, 0.450972),
    )
    out = []
    for region in range(16):
        for k in range(5):
            if blocks[region] == 0:
                out.append(7.0)
                continue
            p = count[region][k] / blocks[region]
            out.append(float(sum(p > (levels[k][j] + levels[k][j + 1]) / 2 for j in range(7))))
    return out


def _edge_kind(block: np.ndarray, s: int, h: int) -> int | None:
    a, b, c, d = (
        float(quarter.sum()) * (4 / (s * s)) for quarter in (block[:h, :h], block[:h, h:], block[h:, :h], block[h:, h:])
    )
    r2 = math.sqrt(2)
    strengths = [
        abs(a - b + c - d),
        abs(a + b - c - d),
        abs(r2 * a + 0 * b + 0 * c - r2 * d),
        abs(0 * a + r2 * b - r2 * c + 0 * d),
        abs(2 * a - 2 * b - 2 * c + 2 * d),
    ]
    largest = max(strengths)
    return None if largest < 11 else strengths.index(largest)


def _bilinear_axis(n: int, m: int) -> list[tuple[int, int, int]]:
    step = 1 / (m / n)
    p0, dp = math.trunc(0.5 * step * 2**32), math.trunc(step * 2**32)
    places = []
    for i in range(m):
        p = p0 + i * dp - 2**31
        k = p >> 32
        places.append((max(k, 0), min(k + 1, n - 1), (p >> 24) & 255))
    return places


def _tamura_thumbnail(grey: np.ndarray) -> np.ndarray:
    height, width = grey.shape
    f = 64 / max(width, height)
    w, h = math.floor(width * f + 0.5), math.floor(height * f + 0.5)
    if not (f < 1 and w > 1 and h > 1):
        return grey
    out = np.zeros((h, w), dtype=np.int64)
    for y, (y_lo, y_hi, ey) in enumerate(_bilinear_axis(height, h)):
        for x, (x_lo, x_hi, ex) in enumerate(_bilinear_axis(width, w)):
            t_lo = 256 * int(grey[y_lo, x_lo]) + (int(grey[y_lo, x_hi]) - int(grey[y_lo, x_lo])) * ex
            t_hi = 256 * int(grey[y_hi, x_lo]) + (int(grey[y_hi, x_hi]) - int(grey[y_hi, x_lo])) * ex
            out[y, x] = (256 * t_lo + (t_hi - t_lo) * ey + 32768) >> 16
    return out


def _strongest_difference(grey: np.ndarray, k: int) -> np.ndarray:
    """Return E_k of section 5 for the interior."""
    h, w = grey.shape
    m, o = 4**k, 2 ** (k - 1)
    margin = 32
    padded = np.pad(grey, margin, mode="edge").astype(np.float64)

    def window(dx: int, dy: int) -> np.ndarray:
        total = np.zeros((h - 2, w - 2))
        for j in range(m):
            for i in range(m):
                y, x = margin + 1 + dy - o + j, margin + 1 + dx - o + i
                total += padded[y : y + h - 2, x : x + w - 2]
        return total / m

    return np.maximum(abs(window(o, 0) - window(-o, 0)), abs(window(0, o) - window(0, -o)))


def tamura(image: np.ndarray) -> list[float]:
    """Return the 18 numbers of section 5."""
    g = _tamura_thumbnail(compute_linear_grey(image[:, :, 0], image[:, :, 1], image[:, :, 2]))
    h, w = g.shape
    n = w * h
    coarseness = 0.0
    if w > 2 and h > 2:
        e1, e2 = _strongest_difference(g, 1), _strongest_difference(g, 2)
        coarseness = (1.0 / n) * float(np.where((e2 > e1) & (e2 > 0), 4.0, 2.0).sum())
    return [coarseness, _contrast(g, n), *_directions(g)]


def _contrast(g: np.ndarray, n: int) -> float:
    mean = float(g.sum()) / n
    v = f = 0.0
    for column in g.T.tolist():
        for value in column:
            v += (value - mean) ** 2
            f += (value - mean) ** 4
    sd = math.sqrt(v / n)
    return 0.0 if sd == 0 else sd / (f / sd**4) ** 0.25


def _directions(g: np.ndarray) -> list[float]:
    h, w = g.shape
    counts = [0.0] * 16
    rows = g.tolist()
    for y in range(1, h - 1):
        above, here, below = rows[y - 1], rows[y], rows[y + 1]
        for x in range(1, w - 1):
            right = above[x + 1] + here[x + 1] + below[x + 1]
            left = above[x - 1] + here[x - 1] + below[x - 1]
            dx, dy = right - left, sum(below[x - 1 : x + 2]) - sum(above[x - 1 : x + 2])
            if dy == 0:
                t = math.pi / 2 + math.copysign(math.pi / 2, dx) if dx else 0.0
            else:
                t = math.pi / 2 + math.atan(dx / dy)
            counts[math.trunc(t / 0.2)] += 1
    return counts


def luminance_layout(image: np.ndarray) -> list[float]:
    """Return the 64 numbers of section 6."""
    height, width = image.shape[:2]
    grey = compute_linear_grey(image[:, :, 0], image[:, :, 1], image[:, :, 2])
    sc = max(width, height) / 32
    w, h = math.trunc(width / sc), math.trunc(height / sc)
    canvas = [[255] * 8 for _ in range(8)]
    px = (8 - w) // 2 if w < 8 else 0
    py = (8 - h) // 2 if h < 8 else 0
    bits = 31 - len(bin(width | height)[2:])
    for i in range(h):
        for j in range(w):
            if py + i < 8 and px + j < 8:
                sy, sx = (height / h) * 2**bits, (width / w) * 2**bits
                y = (math.ceil(0.5 * sy - 0.5) + i * math.trunc(sy)) >> bits
                x = (math.ceil(0.5 * sx - 0.5) + j * math.trunc(sx)) >> bits
                canvas[py + i][px + j] = int(grey[y, x])
    return [float(value // 8) for row in canvas for value in row]


def simple_color_histogram(image: np.ndarray) -> list[float]:
    """Return the 64 numbers of section 7."""
    level = np.floor(image.astype(np.float64) / 85 + 0.5).astype(np.int64)
    index = 16 * level[:, :, 0] + 4 * level[:, :, 1] + level[:, :, 2]
    counts = [int((index == i).sum()) for i in range(64)]
    return [float((count * 255) // max(counts)) for count in counts]


def extract(image: np.ndarray) -> np.ndarray:
    """Return all 226 numbers."""
    return np.array(edge_histogram(image) + tamura(image) + luminance_layout(image) + simple_color_histogram(image))
