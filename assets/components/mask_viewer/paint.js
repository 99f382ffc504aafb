// Colours onto canvases: a table says the colour of each key, so a drag changes the table and copies it through.

import { fillTable, N_KEYS, OUTSIDE } from "./lens.js";

/** Return a colour as ImageData holds it in a Uint32 (little-endian, as all browsers' machines are). */
export function packColor([red, green, blue], opacity = 1) {
  return ((Math.round(opacity * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Return a painter with its own tables: one for each kind of picture that is drawn from keys. */
export function makePainter(colors) {
  const colorTable = new Uint32Array(N_KEYS), classTable = new Uint8Array(N_KEYS), heatTable = new Uint32Array(N_KEYS);
  const none = 0, white = packColor([255, 255, 255]), black = packColor([0, 0, 0]);
  let heatOpacity = -1, filled = ""; // what the tables hold: many pictures are painted from one filling

  function fillOnce(table, kind, limits, isInverted, values) {
    const wanted = [kind, ...limits, isInverted, ...Object.values(values)].join();
    if (wanted !== filled) fillTable(table, limits, isInverted, values);
    filled = wanted;
    return table;
  }

  /** Colours by class: 0 nothing, 1 mask (or false), 2 hit, 3 missed. */
  function findColors(isAgainst, opacity) {
    if (!isAgainst) return [none, packColor(colors.mask, opacity), packColor(colors.mask, opacity), none];
    return [none, ...[colors.false, colors.hit, colors.missed].map((color) => packColor(color, opacity))];
  }

  function paint(canvas, keys, table) {
    const { context, image, pixels } = getBuffer(canvas);
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[keys[i]];
    context.putImageData(image, 0, 0);
    canvas.paints = (canvas.paints ?? 0) + 1;
  }

  return {
    /** Paint the mask over the picture; `isAgainst`: in three colours against the truth. */
    paintMask(canvas, keys, limits, isInverted, { isAgainst, opacity, isOutline }) {
      if (isOutline) {
        fillOnce(classTable, "rim", limits, isInverted, { out: 0, inside: 1, missed: isAgainst ? 3 : 0, hit: isAgainst ? 2 : 1 });
        paintRim(canvas, keys, classTable, findColors(isAgainst, 1));
        return;
      }
      const [out, inside, hit, missed] = findColors(isAgainst, opacity);
      paint(canvas, keys, fillOnce(colorTable, "mask", limits, isInverted, { out, inside, missed, hit }));
    },
    paintBlackAndWhite(canvas, keys, limits, isInverted) {
      const values = { out: black, inside: white, missed: black, hit: white };
      paint(canvas, keys, fillOnce(colorTable, "bw", limits, isInverted, values));
    },
    paintTruth(canvas, keys) {
      paint(canvas, keys, fillOnce(colorTable, "truth", [-1, 1 << 16], false, { out: black, inside: black, missed: white, hit: white }));
    },
    paintHeat(canvas, keys, opacity) {
      if (opacity !== heatOpacity) {
        const steps = colors.heat.map((color) => packColor(color, opacity));
        for (let level = 0; level <= 65535; level++) heatTable[level] = heatTable[level + 65536] = steps[Math.floor(level / 257)];
        heatTable[OUTSIDE] = 0;
        heatTable.fill(steps[0], OUTSIDE + 1);
        heatOpacity = opacity;
      }
      paint(canvas, keys, heatTable);
    },
  };
}

/** Paint only the pixels of a class that lie next to another class, two steps wide. */
function paintRim(canvas, keys, classTable, byClass) {
  const { context, image, pixels } = getBuffer(canvas), { width, height } = canvas;
  const classes = getClasses(canvas);
  for (let i = 0; i < classes.length; i++) classes[i] = classTable[keys[i]];
  pixels.fill(0);
  for (let y = 2; y < height - 2; y++) {
    for (let i = y * width + 2, end = (y + 1) * width - 2; i < end; i++) {
      const own = classes[i];
      if (own === 0) continue;
      if (
        classes[i - 1] !== own || classes[i + 1] !== own || classes[i - width] !== own || classes[i + width] !== own ||
        classes[i - 2] !== own || classes[i + 2] !== own || classes[i - 2 * width] !== own || classes[i + 2 * width] !== own
      ) pixels[i] = byClass[own];
    }
  }
  context.putImageData(image, 0, 0);
  canvas.paints = (canvas.paints ?? 0) + 1;
}

const BUFFERS = new WeakMap();

/** Return the ImageData of a canvas, kept as long as the canvas has its size. */
function getBuffer(canvas) {
  let buffer = BUFFERS.get(canvas);
  if (!buffer || buffer.image.width !== canvas.width || buffer.image.height !== canvas.height) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    buffer = { context, image, pixels: new Uint32Array(image.data.buffer), classes: null };
    BUFFERS.set(canvas, buffer);
  }
  return buffer;
}

function getClasses(canvas) {
  const buffer = getBuffer(canvas);
  return (buffer.classes ??= new Uint8Array(buffer.pixels.length));
}
