// What the map says in words. All of it ends as textContent.

const plain = new Intl.NumberFormat("en");

/** Return a number as people write it. */
export function say(number) {
  return plain.format(number);
}

/** Return "1 tile" or "5 tiles". */
export function sayThings(scene, n) {
  const { one, many } = scene.header.thing;
  return `${say(n)} ${n === 1 ? one : many}`;
}

/** Return the id of an item as it is shown: its beginning, and the tile. */
export function nameItem(scene, i) {
  const { name, tile } = scene.parts;
  const begin = new TextDecoder().decode(name.subarray(8 * i, 8 * i + 8)).replace(/\0+$/, "");
  return tile ? `${begin} r${tile[i] >> 8}c${tile[i] & 255}` : begin;
}

/** Return name, cluster and label of an item, a line each. */
export function describeItem(scene, i) {
  const word = (dimension) => scene.dimensions.get(dimension).entries.find(
    (entry) => entry.code === scene.parts[dimension][i])?.name ?? "";
  const cluster = scene.parts.cluster[i];
  const label = scene.parts.label[i] ? word("label") : scene.header.dimensions.label.entries[0].name;
  const lines = [cluster >= 0 ? `Cluster ${cluster}` : `Not clustered (${word("split").split(":")[0]})`];
  lines.push(scene.parts.source[i] ? `${label}: ${word("source")}` : label);
  if (scene.parts.round[i]) lines.push(`Proposed in round ${scene.parts.round[i]}`);
  if (scene.parts.review[i]) lines.push(`Your review: ${word("review")}`);
  if (scene.colour === "feature" && scene.values.has(scene.feature)) {
    const value = scene.values.get(scene.feature)[i];
    lines.push(`${findFeature(scene).words}: ${value === value ? value.toPrecision(3) : "unknown"}`);
  }
  return lines;
}

/** Return the facts of the feature that is coloured by. */
export function findFeature(scene) {
  return scene.header.features.find((one) => one.key === scene.feature) ?? { key: "", words: "", aspect: "" };
}

/** Return what the selection holds, in words. */
export function describeSelection(scene, nAway) {
  const { nSelected, nOnMap, away } = scene;
  if (!nSelected) return "";
  const them = nAway === 1 ? "1 of them is" : `${say(nAway)} of them are`;
  const hidden = nAway ? `; ${them} ${away === "hide" ? "hidden" : "dimmed"} by the filter` : "";
  return `Selected ${say(nSelected)} of ${sayThings(scene, nOnMap)}${hidden}`;
}

/** Return what the canvas shows, for those who do not see it. */
export function describeMap(scene) {
  const by = scene.colour === "feature" ? findFeature(scene).words : scene.header.dimensions[scene.colour].title;
  const filtered = scene.filters.size ? ` Filtered: ${say(countPassing(scene))} stand out.` : "";
  const selected = scene.nSelected ? ` ${say(scene.nSelected)} selected.` : " Nothing selected.";
  return `Map of ${sayThings(scene, scene.nOnMap)}, coloured by ${by}.${filtered}${selected} ` +
    "Arrow keys move, plus and minus zoom, brackets choose a cluster, question mark lists the keys.";
}

/** Return how many points pass the filters. */
export function countPassing(scene) {
  let n = 0;
  for (let i = 0; i < scene.n; i++) n += scene.passes[i];
  return n;
}
