// Which part of the map is seen: scale in pixels a unit, and the place in the middle. The map's y points up.

const LEAST_ZOOM = 0.5, MOST_ZOOM = 2000;
const MARGIN = 24, BESIDE = 56, BELOW = 48; // pixels; the buttons on the map lie at its left edge and in its lower corner

/** Return a view that shows all places in a canvas of this size, clear of the buttons that lie on it. */
export function fitView([left, top, right, bottom], width, height) {
  const across = Math.max(right - left, 1e-6), down = Math.max(bottom - top, 1e-6);
  const room = Math.min(MARGIN, width / 10, height / 10), beside = Math.min(BESIDE, width / 5), below = Math.min(BELOW, height / 4);
  const scale = Math.min((width - beside - room) / across, (height - below - room) / down);
  const x = (left + right) / 2 - (beside - room) / 2 / scale, y = (top + bottom) / 2 - (below - room) / 2 / scale;
  return { scale, x, y, fitted: scale };
}

/** True when a view is that of the whole map. */
export function isWhole(view, bounds, size) {
  const whole = fitView(bounds, ...size);
  return ["scale", "x", "y"].every((name) => view[name] === whole[name]);
}

/** Return the view after zooming by a factor around a pixel of the canvas. */
export function zoomView(view, factor, at, size) {
  const scale = Math.min(Math.max(view.scale * factor, view.fitted * LEAST_ZOOM), view.fitted * MOST_ZOOM);
  const [x, y] = toPlace(view, at, size);
  return {
    ...view,
    scale,
    x: x - (at[0] - size[0] / 2) / scale,
    y: y + (at[1] - size[1] / 2) / scale,
  };
}

/** Return the view after moving what is seen by some pixels. */
export function panView(view, dx, dy) {
  return { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale };
}

/** Return the place on the map of a pixel. */
export function toPlace(view, [px, py], [width, height]) {
  return [view.x + (px - width / 2) / view.scale, view.y - (py - height / 2) / view.scale];
}

/** Return the pixel of a place on the map. */
export function toPixel(view, x, y, [width, height]) {
  return [(x - view.x) * view.scale + width / 2, (view.y - y) * view.scale + height / 2];
}

/** True when a pixel lies on the canvas. */
export function isOnCanvas([px, py], [width, height]) {
  return px >= 0 && py >= 0 && px < width && py < height;
}

/** True when a view read from memory can be used. */
export function isView(view) {
  return Boolean(view) && ["scale", "x", "y", "fitted"].every((name) => Number.isFinite(view[name])) && view.scale > 0;
}
