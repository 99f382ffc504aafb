import { getInstance, make } from "../shared/dom.js";
import { getChannel } from "../shared/feeds.js";
import { listenToKeys } from "../shared/keys.js";
import { unpack } from "../shared/packing.js";
import { decodeFlags, encodeFlags, readFlags } from "./bits.js";
import { makeCard } from "./card.js";
import { makeBar, makeHelp, makeTools } from "./controls.js";
import { makeGallery } from "./gallery.js";
import { findInPolygon } from "./geometry.js";
import { listenToHands } from "./hands.js";
import { pressMapKey } from "./map_keys.js";
import { makeLegend } from "./legend.js";
import { recall, remember } from "./memory.js";
import {
  countAway, findPoint, listClusters, listOfCode, makeScene, recolour, refilter, restoreSelection, restyle, select,
  selectBack, toggleFilter,
} from "./scene.js";
import { makeFilesDialog, makeSide, saveFile } from "./side.js";
import { makeStage, showWhole } from "./stage.js";
import { getTalk } from "./talk.js";
import { isView, isWhole, toPixel, zoomView } from "./view.js";
import { describeMap, say, sayThings } from "./words.js";

const NEAR = 8, KEEP_AFTER = 200, AROUND = 40;
const instances = new WeakMap();

/** The map of all items beside the pictures of those that are selected. */
export default function clusterMap({ data, parentElement }) {
  const map = getInstance(instances, parentElement, buildMap);
  receive(map, unpack(data));
  return () => {
    instances.delete(parentElement);
    map.end();
  };
}

function buildMap(root) {
  const map = { root, scene: null, tool: "lasso", way: "new", cluster: null, orderTurn: 0, saving: 0, ends: [] };
  const getScene = () => map.scene;
  map.stage = makeStage(getScene);
  map.card = makeCard();
  map.gallery = makeGallery({
    getScene, getChannel: () => map.channel,
    onLook: (number) => { map.stage.ring = number; map.stage.paintAbove(); },
    onPick: () => { map.side.show(); map.stage.paintAbove(); keepSoon(map); },
  });
  map.tools = makeTools({
    onTool: (tool) => { map.tool = tool; showTools(map); },
    onWay: (way) => { map.way = way; showTools(map); },
    onZoom: (factor) => zoomMiddle(map, factor),
    onWhole: () => { showWhole(map.stage); keepSoon(map); },
  });
  map.bar = makeBar({
    onColour: (mode) => changeColour(map, mode, map.scene.feature),
    onFeature: (key) => changeColour(map, "feature", key),
    onCluster: (code) => selectCluster(map, code),
    onClusterStep: (step) => stepCluster(map, step),
    onFind: (text) => findById(map, text),
    onAway: (away) => { map.scene.away = away; restyle(map.scene); refresh(map); },
    onHelp: () => map.help.show(map.scene.header),
  });
  map.legend = makeLegend({
    getScene,
    onToggle: (name, code, adds) => { toggleFilter(map.scene, name, code, adds); tellFilter(map); },
    onRange: (name, limits) => { setFilter(map, name, limits); refresh(map); },
    onClear: (name) => { setFilter(map, name, null); map.legend.shown = ""; tellFilter(map); },
    onFocus: (focus) => { map.scene.focus = focus; restyle(map.scene); map.stage.paint(); },
  });
  map.side = makeSide(map.gallery, {
    getScene,
    onExport: (what) => (what === "files" ? map.files.show(map.scene.header.filesWarning) : save(map, what)),
    onReview: () => map.talk.ask("review"),
    onBack: () => goBack(map),
    onClear: () => changeSelection(map, [], "new", ""),
    onPicked: (how) => changeSelection(map, [...map.scene.picked], how, ""),
    onUnpick: () => { map.scene.picked.clear(); refresh(map); map.gallery.redraw(); },
  });
  map.help = makeHelp();
  map.files = makeFilesDialog(() => save(map, "files"));
  map.live = make("div", { class: "only-spoken", "aria-live": "polite" });
  map.note = make("p", { class: "quiet trust" });
  map.stage.element.append(map.tools.element, map.tools.ways, map.card.element);
  root.append(
    map.bar.element,
    make("div", { class: "halves" }, [make("div", { class: "left" }, [map.stage.element, map.legend.element]), map.side.element]),
    map.note, map.live, map.help.dialog, map.files.dialog,
  );
  map.hands = listenToHands(map.stage, makeHandActions(map));
  map.ends.push(listenToKeys((key, event) => pressMapKey(map, key, event, actOn(map))));
  root.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && event.target === map.stage.canvas) {
      event.preventDefault();
      selectVisible(map);
    }
  });
  map.end = () => {
    for (const end of map.ends) end();
    map.stage.observer.disconnect();
    map.gallery.observer.disconnect();
    keepNow(map); // leaving the page right after a choice loses nothing
    map.stage.paint.cancel();
  };
  return map;
}

/** What the keys can do. */
function actOn(map) {
  return {
    zoom: (factor) => zoomMiddle(map, factor),
    whole: () => { showWhole(map.stage); keepSoon(map); },
    tool: (tool) => { map.tool = tool; showTools(map); announce(map, { lasso: "Loop", box: "Box", hand: "Hand" }[tool]); },
    clear: () => changeSelection(map, [], "new", "Selection cleared."),
    step: (step) => stepCluster(map, step),
    back: () => goBack(map),
    help: () => map.help.show(map.scene.header),
    moved: () => keepSoon(map),
  };
}

function makeHandActions(map) {
  const { stage } = map;
  const near = (place) => findPoint(map.scene, place, NEAR / stage.view.scale);
  return {
    getTool: () => map.tool,
    getHow: (event) => (event.altKey ? "remove" : event.shiftKey ? "add" : map.way),
    onClick: (place, how) => {
      const found = near(place);
      if (found >= 0) changeSelection(map, [found], how, "");
      else if (how === "new" && map.scene.nSelected) changeSelection(map, [], how, "Selection cleared.");
    },
    onLoop: (corners, how) => changeSelection(map, findInPolygon(map.scene.parts.places, corners), how, ""),
    onNear: (place) => {
      const found = near(place);
      stage.canvas.classList.toggle("on-point", found >= 0);
      if (map.card.number >= 0 && found !== map.card.number) lookAt(map, -1);
    },
    onLook: (place, pixel) => lookAt(map, place ? near(place) : -1, pixel),
    onMoved: () => keepSoon(map),
    onTwice: (pixel, isOut) => {
      if (map.tool !== "hand") goBack(map);
      stage.view = zoomView(stage.view, isOut ? 0.5 : 2, pixel, stage.size);
      stage.paint();
      keepSoon(map);
    },
  };
}

/** Take a message: the points, or the same points with other labels. */
function receive(map, message) {
  const isOther = map.scene?.header.key !== message.header.key;
  map.scene = makeScene(message, map.scene);
  const { header } = map.scene;
  if (isOther) meet(map, header);
  map.note.replaceChildren(...header.trust.map(([text, isStrong]) => make(isStrong ? "strong" : "span", { text: `${text} ` })));
  refresh(map);
  map.gallery.fill();
}

/** Begin with another map: its feeds, and what is remembered of it. */
function meet(map, header) {
  for (const end of map.ends.splice(1)) end();
  map.channel = getChannel(header.pictures);
  map.talk = getTalk(header.talk);
  const { scene, stage } = map, kept = recall(header.key);
  map.orderTurn = kept.order ?? 0;
  stage.view = isView(kept.view) ? kept.view : null;
  map.tool = ["lasso", "box", "hand"].includes(kept.tool) ? kept.tool : "lasso";
  scene.away = kept.away === "hide" ? "hide" : "dim";
  for (const [name, wanted] of kept.filters ?? []) {
    if (scene.dimensions.has(name)) scene.filters.set(name, new Set(wanted));
    else if (name.startsWith("feature:") && wanted.length === 2) scene.filters.set(name, wanted);
  }
  if (!header.colour.isAsked && (scene.dimensions.has(kept.colour) || kept.colour === "feature")) scene.colour = kept.colour;
  if (!header.colour.isAsked && header.features.some((one) => one.key === kept.feature)) scene.feature = kept.feature;
  recolour(scene);
  refilter(scene);
  if (kept.selection) restoreSelection(scene, decodeFlags(kept.selection, scene.n));
  map.cluster = scene.nSelected && Number.isInteger(kept.cluster) ? kept.cluster : null;
  for (const name of [...scene.filters.keys(), scene.colour === "feature" ? `feature:${scene.feature}` : ""]) {
    if (name.startsWith("feature:")) fetchColumn(map, name.slice("feature:".length));
  }
  map.talk.say({ selection: encodeFlags(scene.selected), colour: scene.colour, feature: scene.feature, cluster: map.cluster });
  map.ends.push(map.channel.onArrival((keys) => {
    map.gallery.arrive();
    if (keys.includes(String(map.card.number))) map.card.draw();
  }));
  map.ends.push(map.talk.onOrder((order) => follow(map, order)));
}

/** Do once what another part of the page asks for. */
function follow(map, order) {
  if (order.turn <= map.orderTurn) return;
  map.orderTurn = order.turn;
  if (order.kind === "select") {
    const flags = readFlags(order.bits, map.scene.n);
    changeSelection(map, [...flags.keys()].filter((i) => flags[i]), "new", `${order.words}.`);
    map.cluster = order.cluster ?? null;
    map.bar.show(map.scene, map.cluster);
    map.root.scrollIntoView({ block: "nearest" });
  } else if (order.kind === "cluster") {
    map.cluster = order.cluster;
    map.scene.focus = { dimension: "cluster", code: order.cluster };
    restyle(map.scene);
    refresh(map);
    announce(map, `Cluster ${order.cluster} stands out on the map.`);
  }
  keepSoon(map);
}

/** Draw all that depends on the choices. */
function refresh(map) {
  const { scene } = map;
  map.bar.show(scene, map.cluster);
  map.legend.show();
  map.side.show();
  showTools(map);
  map.stage.canvas.setAttribute("aria-label", describeMap(scene));
  map.stage.paint();
  keepSoon(map);
}

function showTools(map) {
  map.tools.show(map);
  map.stage.canvas.dataset.tool = map.tool;
}

/** Change the selection, say what it took, and tell Python. */
function changeSelection(map, rows, how, words) {
  const { scene } = map;
  map.cluster = null;
  scene.focus = null;
  select(scene, rows, how);
  finishChange(map, [words, sayTaken(map, rows, how)].filter(Boolean).join(" "));
}

function sayTaken({ scene }, rows, how) {
  if (!rows.length) return "";
  const away = countAway(scene, rows), verb = { new: "selected", add: "added", remove: "taken out" }[how];
  const left = away ? `, ${say(away)} of them ${scene.away === "hide" ? "hidden" : "dimmed"} by the filter` : "";
  return `${sayThings(scene, rows.length)} ${verb}${left}. ${say(scene.nSelected)} of ${say(scene.nOnMap)} are selected.`;
}

function finishChange(map, words) {
  map.gallery.fill();
  refresh(map);
  announce(map, words);
  map.talk.say({ selection: encodeFlags(map.scene.selected), cluster: map.cluster });
}

function goBack(map) {
  if (selectBack(map.scene)) finishChange(map, `${say(map.scene.nSelected)} selected, as before.`);
}

function selectCluster(map, code) {
  const rows = listOfCode(map.scene, "cluster", code);
  changeSelection(map, rows, map.way === "remove" ? "new" : map.way, `Cluster ${code}:`);
  map.cluster = code;
  map.bar.show(map.scene, code);
  map.talk.say({ cluster: code });
  keepSoon(map);
}

function stepCluster(map, step) {
  const clusters = listClusters(map.scene);
  if (!clusters.length) return;
  const at = clusters.indexOf(map.cluster);
  const next = at < 0 ? (step > 0 ? 0 : clusters.length - 1) : (at + step + clusters.length) % clusters.length;
  selectCluster(map, clusters[next]);
}

/** Select what is seen: in view, and not left out by the filter. */
function selectVisible(map) {
  const { scene, stage } = map, { places } = scene.parts, rows = [];
  for (let i = 0; i < scene.n; i++) {
    if (!scene.passes[i]) continue;
    const [x, y] = toPixel(stage.view, places[2 * i], places[2 * i + 1], stage.size);
    if (x >= 0 && y >= 0 && x < stage.size[0] && y < stage.size[1]) rows.push(i);
  }
  changeSelection(map, rows, map.way, "All that is seen:");
}

function changeColour(map, mode, feature) {
  const { scene } = map;
  scene.colour = mode;
  scene.feature = feature;
  scene.focus = null;
  if (mode === "feature") fetchColumn(map, feature);
  recolour(scene);
  restyle(scene);
  refresh(map);
  map.talk.say({ colour: mode, feature });
}

/** Ask for the values of a feature once; until they come the points are grey. */
async function fetchColumn(map, key) {
  if (map.scene.values.has(key)) return;
  const { answer, part } = await map.talk.ask("column", { key });
  if (!answer.ok) return announce(map, answer.words);
  map.scene.values.set(key, part);
  recolour(map.scene);
  refilter(map.scene);
  refresh(map);
}

async function findById(map, text) {
  if (!text) return;
  const { answer, part } = await map.talk.ask("find", { text });
  if (!answer.ok) return announce(map, answer.words);
  const { scene, stage } = map;
  changeSelection(map, part, map.way, answer.words);
  const [x, y] = [scene.parts.places[2 * part[0]], scene.parts.places[2 * part[0] + 1]];
  if (part.length === 1) stage.view = { ...stage.view, x, y, scale: Math.max(stage.view.scale, stage.view.fitted * 4) };
  stage.ring = part[0];
  stage.paint();
}

async function save(map, what) {
  const { answer, part } = await map.talk.ask("export", { what });
  announce(map, answer.words);
  if (answer.ok) saveFile(answer.name, part, answer.type);
}

function setFilter(map, name, wanted) {
  if (wanted) map.scene.filters.set(name, wanted);
  else map.scene.filters.delete(name);
  refilter(map.scene);
}

function tellFilter(map) {
  refresh(map);
  map.gallery.redraw();
  announce(map, describeMap(map.scene).split(".").slice(0, 2).join("."));
}

/** Show the card of a point, and its whole cluster when that is what the colours say. */
function lookAt(map, number, pixel) {
  const { scene, stage, card } = map;
  if (!scene || number === card.number) return;
  const cluster = number >= 0 && scene.colour === "cluster" ? scene.parts.cluster[number] : -1;
  const focus = cluster >= 0 ? { dimension: "cluster", code: cluster } : null;
  if (focus?.code !== scene.focus?.code) {
    scene.focus = focus;
    restyle(scene);
    stage.paint();
  }
  stage.ring = number;
  stage.paintAbove();
  if (number >= 0) card.show(scene, map.channel, number, pixel, stage.size);
  else card.hide();
}

function zoomMiddle(map, factor) {
  const { stage } = map;
  stage.view = zoomView(stage.view, factor, [stage.size[0] / 2, stage.size[1] / 2], stage.size);
  stage.paint();
  keepSoon(map);
}

function announce(map, words) {
  map.live.textContent = words ?? "";
}

function keepSoon(map) {
  clearTimeout(map.saving);
  map.saving = setTimeout(() => keepNow(map), KEEP_AFTER);
}

function keepNow(map) {
  if (!map.saving) return;
  clearTimeout(map.saving);
  map.saving = null;
  keep(map);
}

function keep({ scene, stage, tool, cluster, orderTurn }) {
  remember(scene.header.key, {
    selection: encodeFlags(scene.selected), colour: scene.colour, feature: scene.feature, away: scene.away, tool, cluster,
    view: stage.view && isWhole(stage.view, scene.bounds, stage.size) ? null : stage.view, order: orderTurn,
    filters: [...scene.filters].map(([name, wanted]) => [name, [...wanted]]),
  });
}
