// What the points can be coloured and filtered by: a code for each point, names, colours and shapes of the codes.

const MOST_CLASSES = 255;

/** Return the columns of codes and their sizes; codes are shifted so that 0 stands for "none". */
export function readDimensions(header, parts) {
  const dimensions = new Map();
  const add = (name, codes, entries, shift = 0) => {
    const size = shift + entries.reduce((most, entry) => Math.max(most, entry.code), 0) + 1;
    dimensions.set(name, { name, codes, entries, shift, size, title: header.dimensions[name].title });
  };
  const { thing, colours } = header;
  const used = [...new Set(parts.cluster)].filter((code) => code >= 0).sort((a, b) => a - b);
  const clusters = used.map((code) => ({
    code, name: String(code), long: `cluster ${code}`,
    paint: 1 + (code % colours.length), shape: Math.floor(code / colours.length) % 6,
  }));
  add("cluster", parts.cluster, [{ code: -1, name: header.dimensions.cluster.rest, paint: 0, shape: 0 }, ...clusters], 1);
  for (const name of ["label", "source", "review", "split"]) {
    const named = header.dimensions[name].entries.map((entry) => ({
      ...entry, paint: entry.colour === null ? 0 : 1 + entry.colour, shape: entry.shape ?? 0,
    }));
    add(name, parts[name], named);
  }
  const last = parts.round.reduce((most, round) => Math.max(most, round), 0);
  const rounds = Array.from({ length: last }, (_, i) => ({
    code: i + 1, name: String(i + 1), long: `round ${i + 1}`, shape: 0,
    paint: 1 + Math.round((i / Math.max(last - 1, 1)) * (MOST_CLASSES - 1)),
  }));
  add("round", parts.round, [{ code: 0, name: header.dimensions.round.rest, paint: 0, shape: 0 }, ...rounds]);
  for (const one of dimensions.values()) one.things = thing.many;
  return dimensions;
}

/** Fill the paints, shapes and palette of all points for a dimension of codes. */
export function paintCodes(points, dimension, header) {
  const { codes, shift, size, entries } = dimension;
  const paints = new Uint8Array(size), shapes = new Uint8Array(size);
  for (const entry of entries) {
    paints[entry.code + shift] = entry.paint;
    shapes[entry.code + shift] = entry.shape;
  }
  for (let i = 0; i < codes.length; i++) {
    points.paints[i] = paints[codes[i] + shift];
    points.shapes[i] = shapes[codes[i] + shift];
  }
  points.palette = makePalette(header, dimension.name === "round" ? header.scale : null);
}

/** Fill the paints of all points for a column of numbers; return its range without the outermost hundredth. */
export function paintValues(points, values, header) {
  const range = findRange(values);
  const span = range.high - range.low || 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const share = Math.min(Math.max((value - range.low) / span, 0), 1);
    points.paints[i] = value === value ? 1 + Math.round(share * (MOST_CLASSES - 1)) : 0;
    points.shapes[i] = 0;
  }
  points.palette = makePalette(header, header.scale);
  return range;
}

/** Return least and most of the known values, and the limits of the colours: percentiles 1 and 99. */
export function findRange(values) {
  const known = Float32Array.from(values).filter((value) => value === value).sort();
  if (!known.length) return { least: 0, low: 0, high: 0, most: 0, n: 0 };
  const at = (share) => known[Math.round(share * (known.length - 1))];
  return { least: known[0], low: at(0.01), high: at(0.99), most: known[known.length - 1], n: known.length };
}

function makePalette({ colours, scale, grey }, steps) {
  const palette = new Uint8Array(3 * 256);
  palette.set(grey, 0);
  for (let paint = 1; paint < 256; paint++) {
    const color = steps
      ? mixSteps(scale, (paint - 1) / (MOST_CLASSES - 1))
      : colours[(paint - 1) % colours.length];
    palette.set(color, 3 * paint);
  }
  return palette;
}

/** Return the colour at a share of a scale of colours. */
export function mixSteps(steps, share) {
  const at = share * (steps.length - 1), left = Math.min(Math.floor(at), steps.length - 2), rest = at - left;
  return steps[left].map((channel, i) => channel + (steps[left + 1][i] - channel) * rest);
}

/** Return a colour as CSS writes it. */
export function toCss([red, green, blue]) {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}
