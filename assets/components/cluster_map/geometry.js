// Which points lie in a shape, and which point is nearest. Places are pairs in one flat array: x0, y0, x1, y1, ...

/** True when a place lies inside a polygon (even-odd rule; corners as a flat array, closed by itself). */
export function isInPolygon(x, y, corners) {
  let inside = false;
  for (let i = 0, j = corners.length - 2; i < corners.length; j = i, i += 2) {
    const yi = corners[i + 1], yj = corners[j + 1];
    if (yi > y !== yj > y && x < ((corners[j] - corners[i]) * (y - yi)) / (yj - yi) + corners[i]) inside = !inside;
  }
  return inside;
}

/** Return the numbers of all points inside a polygon; points without a place (NaN) are in none. */
export function findInPolygon(places, corners) {
  const found = [];
  if (corners.length < 6) return found;
  const [left, top, right, bottom] = findBounds(corners);
  for (let i = 0; i < places.length; i += 2) {
    const x = places[i], y = places[i + 1];
    if (x >= left && x <= right && y >= top && y <= bottom && isInPolygon(x, y, corners)) found.push(i / 2);
  }
  return found;
}

/** Return [least x, least y, most x, most y] of all places; all 0 when there is none. */
export function findBounds(places) {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (let i = 0; i < places.length; i += 2) {
    const x = places[i], y = places[i + 1];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return left <= right ? [left, top, right, bottom] : [0, 0, 0, 0];
}

const POINTS_A_CELL = 4;

/** Sort points into the cells of a grid, so that the nearest one is found without looking at all. */
export function indexPlaces(places) {
  const [left, top, right, bottom] = findBounds(places);
  const n = places.length / 2;
  const width = Math.max(right - left, 1e-9), height = Math.max(bottom - top, 1e-9);
  const side = Math.max(Math.sqrt((width * height * POINTS_A_CELL) / Math.max(n, 1)), Math.max(width, height) / 2000);
  const columns = Math.floor(width / side) + 1, rows = Math.floor(height / side) + 1;
  const starts = new Int32Array(columns * rows + 1), members = new Int32Array(n);
  const cells = new Int32Array(n).fill(-1);
  for (let i = 0; i < n; i++) {
    const x = places[2 * i], y = places[2 * i + 1];
    if (!(x === x && y === y)) continue;
    cells[i] = Math.floor((y - top) / side) * columns + Math.floor((x - left) / side);
    starts[cells[i] + 1]++;
  }
  for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell];
  const next = starts.slice();
  for (let i = 0; i < n; i++) if (cells[i] >= 0) members[next[cells[i]]++] = i;
  return { left, top, side, columns, rows, starts, members };
}

/** Return the number of the nearest point within a radius that `accept` takes, -1 when there is none. */
export function findNearest(index, places, x, y, radius, accept) {
  const { left, top, side, columns, rows, starts, members } = index;
  const first = (at, from) => Math.max(0, Math.floor((at - radius - from) / side));
  const last = (at, from, most) => Math.min(most - 1, Math.floor((at + radius - from) / side));
  let nearest = -1, least = radius * radius;
  for (let row = first(y, top); row <= last(y, top, rows); row++) {
    for (let column = first(x, left); column <= last(x, left, columns); column++) {
      const cell = row * columns + column;
      for (let at = starts[cell]; at < starts[cell + 1]; at++) {
        const i = members[at], dx = places[2 * i] - x, dy = places[2 * i + 1] - y;
        const distance = dx * dx + dy * dy;
        if (distance > least || (distance === least && nearest >= 0 && i > nearest) || !accept(i)) continue;
        nearest = i;
        least = distance;
      }
    }
  }
  return nearest;
}
