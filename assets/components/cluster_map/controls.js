// Buttons and lists around the map.

import { make } from "../shared/dom.js";
import { drawIcon } from "./icons.js";
import { listClusters } from "./scene.js";

const TOOLS = [
  ["lasso", "Loop: draw around points (L)"],
  ["box", "Box: draw a rectangle (B)"],
  ["hand", "Hand: drag the map (H)"],
];
const WAYS = [["new", "New"], ["add", "Add"], ["remove", "Remove"]];

/** Make the tools that lie on the map. */
export function makeTools(actions) {
  const buttons = TOOLS.map(([name, title]) => iconButton(name, title, () => actions.onTool(name)));
  const zooms = [
    iconButton("plus", "Closer (+)", () => actions.onZoom(1.5)),
    iconButton("minus", "Farther (-)", () => actions.onZoom(1 / 1.5)),
    iconButton("whole", "Whole map (0)", () => actions.onWhole()),
  ];
  const group = (words, children) => make("div", { class: "group", role: "group", "aria-label": words }, children);
  const element = make("div", { class: "tools" }, [group("Tool", buttons), group("Zoom", zooms)]);
  const ways = WAYS.map(([name, text]) =>
    make("button", { type: "button", text, title: wayTitle(name), onclick: () => actions.onWay(name) }));
  const wayGroup = make("div", { class: "ways", role: "group", "aria-label": "What a loop, a box or a click does" }, ways);
  const show = ({ tool, way }) => {
    TOOLS.forEach(([name], i) => buttons[i].setAttribute("aria-pressed", String(name === tool)));
    WAYS.forEach(([name], i) => ways[i].setAttribute("aria-pressed", String(name === way)));
  };
  return { element, ways: wayGroup, show };
}

function wayTitle(name) {
  return {
    new: "A loop, a box or a click makes a new selection",
    add: "They add to the selection (as with Shift)",
    remove: "They take from the selection (as with Alt)",
  }[name];
}

/** Return a button with a drawing; its title is its name. */
export function iconButton(icon, title, onclick) {
  return make("button", { type: "button", class: "icon-button", title, "aria-label": title, onclick }, [drawIcon(icon)]);
}

/** Make the line above the map: colour, cluster, find, the others, help. */
export function makeBar(actions) {
  const colour = make("select", { "aria-label": "Colour by", onchange: () => actions.onColour(colour.value) });
  const feature = make("select", { "aria-label": "Feature", class: "feature", onchange: () => actions.onFeature(feature.value) });
  const cluster = make("select", { "aria-label": "Select a whole cluster", onchange: () => cluster.value && actions.onCluster(Number(cluster.value)) });
  const find = make("input", { type: "search", placeholder: "Find an id", "aria-label": "Find by the beginning of its id", maxlength: 64, size: 11 });
  const form = make("form", { onsubmit: (event) => { event.preventDefault(); actions.onFind(find.value.trim()); } }, [find]);
  const away = make("select", { class: "away-choice", "aria-label": "What the filter leaves out", onchange: () => actions.onAway(away.value) }, [
    make("option", { value: "dim", text: "Dim the others" }), make("option", { value: "hide", text: "Hide the others" }),
  ]);
  const clusters = make("div", { class: "stepper" }, [
    iconButton("before", "Cluster before ([)", () => actions.onClusterStep(-1)), cluster,
    iconButton("after", "Next cluster (])", () => actions.onClusterStep(1)),
  ]);
  const help = make("button", { type: "button", class: "help", text: "?", title: "Keys and hints (?)", "aria-label": "Keys and hints (?)", onclick: () => actions.onHelp() });
  const element = make("div", { class: "bar-line", role: "toolbar", "aria-label": "Map" }, [
    make("label", { class: "named" }, [make("span", { text: "Colour by" }), colour]), feature, clusters, form, away, help,
  ]);
  const bar = { element, colour, feature, cluster, clusters, away, find, version: "" };
  bar.show = (scene, chosen) => showBar(bar, scene, chosen);
  return bar;
}

function showBar(bar, scene, chosenCluster) {
  const { header } = scene;
  if (bar.version !== header.version) {
    bar.version = header.version;
    const modes = Object.entries(header.dimensions).map(([value, one]) => make("option", { value, text: one.title }));
    if (header.features.length) modes.push(make("option", { value: "feature", text: "A feature" }));
    bar.colour.replaceChildren(...modes);
    bar.feature.replaceChildren(...groupFeatures(header.features));
    const clusters = listClusters(scene);
    bar.clusters.hidden = !clusters.length;
    bar.cluster.replaceChildren(
      make("option", { value: "", text: "Select a cluster" }),
      ...clusters.map((code) => make("option", { value: code, text: `Cluster ${code}` })),
    );
  }
  bar.colour.value = scene.colour;
  bar.feature.hidden = scene.colour !== "feature";
  bar.feature.value = scene.feature;
  bar.cluster.value = chosenCluster ?? "";
  bar.away.classList.toggle("unused", !scene.filters.size); // its place stays: nothing moves at a click in the legend
  bar.away.value = scene.away;
}

function groupFeatures(features) {
  const groups = new Map();
  for (const { key, words, aspect } of features) {
    if (!groups.has(aspect)) groups.set(aspect, make("optgroup", { label: aspect }));
    groups.get(aspect).append(make("option", { value: key, text: words }));
  }
  return groups.values();
}

/** Make the help: a dialog with the keys that the message lists. */
export function makeHelp() {
  const list = make("dl", { class: "keys" });
  const notes = make("div");
  const dialog = make("dialog", { "aria-label": "Keys and hints" });
  dialog.append(
    make("h2", { text: "Keys and hints" }), list, notes,
    make("button", { type: "button", text: "Close", onclick: () => dialog.close() }),
  );
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const show = (header) => {
    list.replaceChildren(...header.keys.flatMap(([keys, words]) => [
      make("dt", {}, keys.split(" ").map((key) => make("kbd", { text: key }))), make("dd", { text: words }),
    ]));
    notes.replaceChildren(...header.hints.map((text) => make("p", { class: "quiet", text })));
    if (!dialog.open) dialog.showModal();
  };
  return { dialog, show };
}
