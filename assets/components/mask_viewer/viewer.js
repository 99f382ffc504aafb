// The mask viewer: one setting, one picture, and what follows from them. The server is told when the reader lets go.

import { make, readTheme } from "../shared/dom.js";
import { listenToKeys } from "../shared/keys.js";
import { getMapChannel } from "./channel.js";
import { describeSetting, isSameMask } from "./counts.js";
import { handleKey } from "./key_acts.js";
import { drawAtOnce, loadDisplay, makeHistory, saveDisplay } from "./memory.js";
import { openPicture } from "./picture.js";
import { buildRoom } from "./room.js";
import { writeGradient } from "./tools.js";
import { describeHottest, describeWarnings, describeWords } from "./words.js";

const SETTLE_AFTER = 150; // milliseconds
const MOST_PICTURES = 3; // opened pictures that are kept

/** Create the viewer in its root; `update` is called whenever the server says something. */
export function createViewer(root) {
  const history = makeHistory(), opened = new Map();
  let header = null, colors = null, send = null, room = null, channel = null, endArrival = null, endKeys = null;
  let display = loadDisplay(), setting = null, origin = null, number = 0, adopted = null, turn = Date.now();
  let picture = null, bitmap = null, layer = null, truthShown = null, waiting = 0, timer = 0, hidden = null, hottest = "", observer = null;

  const drawBand = drawAtOnce(paintBand), drawLayer = drawAtOnce(showLayer);
  const acts = {
    change, settle, undo, redo, choosePicture, changeDisplay, chooseLow,
    choosePreset: (preset) => adopt({ ...preset, align: true }),
    openFromFilm: (chosen) => { changeDisplay({ mode: "side" }); choosePicture(chosen); },
    zoom: (factor) => (factor ? room.stage.changeZoom(factor) : room.stage.resetZoom()),
    move: (dx, dy) => room.stage.move(dx, dy),
    hide: (isHidden) => { room.stage.hideOverlay(isHidden); room.film.element.classList.toggle("hide-overlay", isHidden); },
    step: (which, direction) => room.band.step(which, direction),
    stepLayer: (by) => change({ layer: Math.min(header.run.layers.length - 1, Math.max(0, setting.layer + by)) }),
    stepPicture: (by) => choosePicture(number + by),
    toggle: (name) => (name in display ? changeDisplay({ [name]: !display[name] }) : change({ [name]: !setting[name] })),
    preset: (name) => {
      const found = header.presets.find((one) => one.name === name);
      if (found) acts.choosePreset(found.setting);
    },
    setMode: (mode) => changeDisplay({ mode }),
    help: () => room.help.open(),
    point,
  };

  // --- what the server says ---

  function update({ header: next, parts }, sender) {
    send = sender;
    const isNewChannel = !header || header.channel !== next.channel, isNewSplit = isNewChannel || header.split !== next.split;
    header = next;
    colors = { ...header.colors, heat: splitTriples(parts.heat) };
    if (!room) build();
    history.open(header.memory);
    if (isNewChannel) connect();
    if (isNewSplit) clearPicture();
    room.presets.setPresets(header.presets, (one) => describeSetting(one, header.run.layers));
    room.method.setMethods(header.methods);
    takeTheme();
    const { session, number: told } = header.command;
    if (adopted !== `${session}/${told}`) {
      adopted = `${session}/${told}`;
      number = header.command.picture;
      setting = { ...header.command.setting };
      origin = setting;
      history.push(setting);
      clearTimeout(timer);
    }
    showControls();
    showPicture();
    showLayerLater();
  }

  function build() {
    room = buildRoom(root, colors, acts);
    endKeys = [listenToKeys((key, event) => handleKey(key, event, root, acts)), listenToRelease()];
    observer = new ResizeObserver(drawAtOnce(() => { room.band.draw(); room.curve.draw(); if (display.mode === "film") room.film.resize(); }));
    observer.observe(root);
  }

  /** A key that is held hides the overlay; letting go, or leaving the window, shows it again. */
  function listenToRelease() {
    const show = (event) => { if (!event.key || event.key.toLowerCase() === "h") acts.hide(false); };
    document.addEventListener("keyup", show);
    window.addEventListener("blur", show);
    return () => { document.removeEventListener("keyup", show); window.removeEventListener("blur", show); };
  }

  function connect() {
    endArrival?.();
    channel = getMapChannel(header.channel);
    endArrival = channel.onArrival(() => { if (!picture || picture.key !== findKey(number)) showPicture(); showFilm(); });
    room.strip.connect(header.thumbnails);
    opened.clear();
  }

  /** Take away all that is seen of a picture: nothing of it may stand beside the name of another. */
  function clearPicture() {
    waiting += 1; // a picture that is being decoded comes too late
    picture = bitmap = layer = truthShown = null;
    for (const part of [room.stage, room.band, room.curve, room.sheet]) part.clear();
    for (const part of [room.warnings, room.words, room.readout]) part.replaceChildren();
    room.layerSlider.update(setting?.layer ?? 0, header.run.layers.length);
    showAgainst();
  }

  function takeTheme() {
    const theme = readTheme(root);
    room.band.setTheme(theme, { mask: `rgb(${colors.mask.join(",")})`, heat: writeGradient(colors.heat) });
    room.curve.setTheme(theme);
  }

  // --- what the reader does ---

  function change(patch) {
    const before = setting;
    setting = { ...setting, ...patch };
    if (isHead()) setting.method = header.blockMethod; // it has none of its own
    setting.chosen = isSameMask(setting, origin) && setting.align === origin.align ? origin.chosen : "eye";
    show(before);
    settle();
  }

  function chooseLow(low) {
    const { high } = setting;
    change({ low: high === null ? low : Math.min(low, Math.round(100 * high - 1) / 100) });
  }

  /** Take a whole setting from elsewhere, with what it was chosen on. */
  function adopt(next) {
    const before = setting;
    setting = { ...next };
    origin = setting;
    show(before);
    settle();
  }

  function undo() { goBack(history.undo()); }
  function redo() { goBack(history.redo()); }
  function goBack(found) {
    if (!found) return;
    const before = setting;
    setting = found;
    if (found.chosen !== "eye") origin = found;
    show(before);
    settle();
  }

  function choosePicture(chosen) {
    if (chosen < 0 || chosen >= header.nPictures || chosen === number) return;
    number = chosen;
    showPicture();
    settle();
  }

  function changeDisplay(patch) {
    display = { ...display, ...patch };
    saveDisplay(display);
    if (Object.keys(patch).every((name) => name === "opacity")) showAgainst(); // it is dragged: nothing else hangs on it
    else showControls();
    if (display.mode === "film") showFilm();
    else {
      room.stage.setView(setting, display);
      if (picture) room.stage.paintAll();
      if (patch.mode === "side" && !picture) showPicture();
    }
    if (patch.order) room.film.sort();
    if (patch.mode) showLayerLater();
  }

  /** Remember and tell where the reader stopped. */
  function settle() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.push(setting);
      room.presets.update(setting, history.state);
      room.scores.speak();
      showWords();
      if (display.mode === "film") room.film.sort();
      turn += 1;
      send({ turn, channel: header.channel, split: header.split, picture: number, setting });
    }, SETTLE_AFTER);
  }

  // --- what is seen ---

  /** Show a changed setting; what did not change is not made again. */
  function show(before) {
    if (setting.method !== before.method) {
      showControls();
      showPicture();
    }
    if (["layer", "method", "align"].some((name) => setting[name] !== before[name])) {
      showControls();
      showLayerLater();
    } else {
      room.band.update(setting, isHead());
      room.method.update(setting, isHead());
      drawBand();
    }
  }

  function showLayerLater() {
    if (display.mode === "film") showFilm();
    if (picture && picture.key === findKey(number)) drawLayer();
  }

  const isHead = () => Boolean(header.run.layers[setting.layer]?.is_head);
  const findKey = (at) => `${header.split}/${at}/${setting.method}`;

  function showPicture() {
    const key = findKey(number), fault = channel.findFault(key), message = channel.get(key);
    room.strip.update(header.split, number, header.nPictures, message?.header.name);
    if (fault || !message) {
      clearPicture();
      say(fault ?? "Computing the heat maps of all layers …", Boolean(fault));
      channel.withdraw();
      channel.request([key], 0);
      return;
    }
    if (picture?.key === key && picture.message === message) return;
    const next = opened.get(key) ?? openPicture(message, header.run);
    Object.assign(next, { key, message });
    opened.delete(key);
    opened.set(key, next);
    if (opened.size > MOST_PICTURES) opened.delete(opened.keys().next().value);
    const own = ++waiting;
    next.decode().then((decoded) => { if (own === waiting) showDecoded(next, decoded); },
      () => say("This picture cannot be drawn by your browser.", true));
  }

  function showDecoded(next, decoded) {
    [picture, bitmap, truthShown] = [next, decoded, null];
    say(null);
    room.stage.setView(setting, display);
    room.stage.layOut(findMode(), display.overlay);
    room.stage.setPicture(bitmap, picture.size, null);
    showLayer();
    showBelongings();
    room.sheet.draw(picture, bitmap, header.run, setting.align, colors.heat);
    const beside = [number + 1, number - 1].filter((at) => at >= 0 && at < header.nPictures);
    channel.request(beside.map(findKey), 5);
  }

  function say(words, isFault = false) {
    room.status.textContent = words ?? "";
    room.status.classList.toggle("fault", isFault);
    room.stageRoom.classList.toggle("waiting", Boolean(words));
    if (words) room.scores.update(null, setting, " ");
  }

  const findMode = () => (display.mode === "film" ? "side" : display.mode);

  function showControls() {
    const isFilm = display.mode === "film";
    room.stageRoom.hidden = room.strip.element.hidden = isFilm;
    room.film.element.hidden = !isFilm;
    room.scores.element.hidden = room.scores.headline.hidden = isFilm; // the film has its own
    if (!isFilm) room.strip.element.hidden = header.nPictures <= 1;
    showBelongings();
    showAgainst();
    room.layerSlider.update(setting.layer, header.run.layers.length, picture?.describe(setting.layer)?.words);
    room.sheet.mark(setting.layer);
    room.band.update(setting, isHead());
    room.method.update(setting, isHead());
    room.presets.update(setting, history.state);
    if (!isFilm) room.stage.layOut(findMode(), display.overlay);
  }

  /** Leave out what belongs to one picture while many are seen, or name the picture. */
  function showBelongings() {
    const isFilm = display.mode === "film";
    room.band.showMany(isFilm);
    room.curve.showMany(isFilm);
    room.sheet.setTitle(isFilm ? picture?.header.name : null);
    showWords();
  }

  /** Offer the comparison with the truth, and explain its colours, only where there is a truth to be seen. */
  function showAgainst() {
    const isFilm = display.mode === "film", isKnown = header.hasTruth && (isFilm ? !findHidden() : !picture || picture.hasTruth);
    room.tools.update(display, isKnown);
    room.legend.update(colors, display.against && isKnown && (isFilm || Boolean(truthShown)));
  }

  /** Say why truth and scores of the picture may not be seen under this setting; null when they may. */
  function findHidden() {
    if (header.split !== "test") return null;
    return header.locked && setting.align && isSameMask(setting, header.locked) ? null : header.hidden ?? " ";
  }

  function showLayer() {
    if (!picture) return;
    layer = picture.getLayer(setting.layer, setting.align);
    hottest = describeHottest(layer, picture.size, isHead());
    room.stage.setLayer(layer);
    room.band.setCounts(layer.counts);
    const isTest = header.split === "test";
    const why = isTest ? "Not shown here: on test pictures it would tune on them." : picture.header.reason;
    const table = header.table?.method === setting.method ? header.table : null;
    room.curve.setLines(isTest || !picture.hasTruth ? null : layer.counts, why, picture.header.trivial, table?.dice[setting.layer], table);
    room.layerSlider.update(setting.layer, header.run.layers.length, picture.describe(setting.layer).words);
    paintBand();
    room.stage.paintAll();
    showWords();
  }

  function showWords() {
    if (!layer) return;
    const isFilm = display.mode === "film", facts = { picture, layer, setting, header, isFilm, isHead: isHead() };
    room.warnings.replaceChildren(...describeWarnings(facts).map((text) => make("p", { class: "warning" }, [
      make("span", { "aria-hidden": "true", text: "⚠ " }), make("span", { text }),
    ])));
    room.words.replaceChildren(...(isFilm ? [] : describeWords(facts)).map((text) => make("p", { class: "quiet", text })));
  }

  /** Paint what the threshold changes, with its scores. */
  function paintBand() {
    if (display.mode === "film") room.film.paint({ setting, display, hidden: findHidden() });
    if (!layer) return;
    hidden = findHidden();
    const truth = hidden ? null : picture.getTruth();
    room.stage.setView(setting, display);
    if (truth !== truthShown) {
      truthShown = truth;
      room.stage.setTruth(truth);
      room.stage.paintAll();
      showAgainst();
      room.scores.setPicture(truth ? picture.header.trivial : null, describeScores());
    } else if (display.mode !== "film") room.stage.paintBand();
    const dice = room.scores.update(layer.counts, setting, hidden ?? picture.header.reason);
    const isPlain = header.split !== "test" && dice !== null;
    room.curve.setMark(isPlain ? { low: setting.low ?? 0, dice } : null);
    room.stage.setCaptions(describePanels(dice));
  }

  function describeScores() {
    const [height, width] = picture.size;
    const flatters = header.split === "train" ? " A training picture: it taught the classifier, so its scores flatter." : "";
    return `From 0 (worst) to 1 (best), on this picture, all ${(height * width).toLocaleString("en")} pixels.${flatters}`;
  }

  function describePanels(dice) {
    const name = picture.header.name, words = describeSetting(setting, header.run.layers), isAgainst = display.against && truthShown;
    const over = isAgainst ? "Mask against truth" : "Mask over the picture";
    const score = dice === null ? "" : `, Dice ${dice.toFixed(3)}`;
    return {
      plain: { short: `Picture, ${picture.size[1]} x ${picture.size[0]} px`, long: `${name}, as it is` },
      mask: { short: over, long: `${over}, ${name}, ${words}${score}` },
      heat: isHead()
        ? { short: "Probability of polyp", long: `The network's own probability over ${name}, ${hottest}` }
        : { short: `Heat map, layer ${setting.layer}`, long: `Heat map of layer ${setting.layer} over ${name}, ${hottest}` },
      bw: { short: "Mask, white", long: `Mask of ${name}, ${words}` },
      truth: { short: truthShown ? "Truth, white" : "Truth is not shown", long: `Truth of ${name}` },
    };
  }

  function showFilm() {
    if (!room || display.mode !== "film") return;
    room.film.update({
      channel, channelName: header.channel, split: header.split, nPictures: header.nPictures, run: header.run,
      setting, display, hidden: findHidden(), thumbnails: header.thumbnails,
    });
  }

  function point(pixel) {
    if (!pixel || !layer) {
      room.readout.textContent = "";
      return;
    }
    const [row, column] = pixel, heat = layer.levels[row * picture.size[1] + column] / 65535;
    room.readout.textContent = `x ${column}, y ${row}: ${isHead() ? "probability" : "heat"} ${heat.toFixed(2)}`;
  }

  function close() {
    clearTimeout(timer);
    endArrival?.();
    endKeys?.forEach((end) => end());
    observer?.disconnect();
    room?.strip.close();
    room?.stage.close();
    room?.film.stop();
  }

  return { update, close };
}

function splitTriples(flat) {
  return Array.from({ length: flat.length / 3 }, (_, i) => [flat[3 * i], flat[3 * i + 1], flat[3 * i + 2]]);
}
