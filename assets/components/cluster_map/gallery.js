// The pictures of the selection: all of them, drawn as they come into sight.

import { fitCanvas, make, oncePerFrame } from "../shared/dom.js";
import { listSelected } from "./scene.js";
import { describeItem, nameItem } from "./words.js";

const GAP = 8, CAPTION = 22, LEAST_WIDTH = 104, ROWS_AHEAD = 1;

/**
 * Make the grid. `actions`: getScene, getChannel, onLook(number or -1), onPick().
 * `fill()` takes the selection anew, `redraw()` its marks and pictures.
 */
export function makeGallery(actions) {
  const room = make("div", { class: "room" });
  const frame = make("div", { class: "frame", role: "listbox", tabindex: "0", "aria-multiselectable": "true" }, [room]);
  const gallery = {
    frame, room, actions, rows: new Int32Array(0), tiles: new Map(), spare: [],
    columns: 1, width: LEAST_WIDTH, height: 1, at: 0, anchor: -1, isDragging: false, signature: "",
  };
  gallery.lay = oncePerFrame(() => layTiles(gallery));
  gallery.fill = () => fillGallery(gallery);
  gallery.redraw = () => { for (const tile of gallery.tiles.values()) tile.number = -1; gallery.lay(); };
  gallery.arrive = () => { for (const tile of gallery.tiles.values()) drawPicture(gallery, tile); };
  gallery.goTo = (number) => goTo(gallery, gallery.rows.indexOf(number));
  frame.addEventListener("scroll", () => gallery.lay());
  frame.addEventListener("pointerdown", (event) => startPicking(gallery, event));
  frame.addEventListener("pointermove", (event) => followPointer(gallery, event));
  frame.addEventListener("pointerleave", () => actions.onLook(-1));
  frame.addEventListener("keydown", (event) => pressKey(gallery, event));
  frame.addEventListener("focus", () => markCurrent(gallery));
  frame.addEventListener("blur", () => { actions.onLook(-1); markCurrent(gallery); });
  const end = () => { gallery.isDragging = false; };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", end);
  gallery.observer = new ResizeObserver(() => gallery.lay());
  gallery.observer.observe(frame);
  return gallery;
}

function fillGallery(gallery) {
  const scene = gallery.actions.getScene();
  const rows = listSelected(scene);
  const isSame = rows.length === gallery.rows.length && rows.every((row, i) => row === gallery.rows[i]);
  gallery.rows = rows;
  if (!isSame) {
    gallery.at = 0;
    gallery.anchor = -1;
    gallery.frame.scrollTop = 0;
  }
  gallery.frame.setAttribute("aria-label", `Pictures of the selection: ${rows.length}`);
  gallery.redraw();
}

/** Put tiles where the reader looks; those that went out of sight are used again. */
function layTiles(gallery) {
  const { frame, room, rows, tiles, spare } = gallery;
  const across = frame.clientWidth - GAP;
  if (across <= 0) return;
  gallery.columns = Math.max(1, Math.floor(across / (LEAST_WIDTH + GAP)));
  gallery.width = Math.floor(across / gallery.columns) - GAP;
  gallery.height = Math.round(gallery.width * 0.8) + CAPTION;
  const step = gallery.height + GAP;
  room.style.height = `${Math.ceil(rows.length / gallery.columns) * step + GAP}px`;
  const first = Math.max(0, Math.floor(frame.scrollTop / step) - ROWS_AHEAD) * gallery.columns;
  const last = Math.min(rows.length, (Math.ceil((frame.scrollTop + frame.clientHeight) / step) + ROWS_AHEAD) * gallery.columns);
  for (const [place, tile] of tiles) {
    if (place >= first && place < last) continue;
    tiles.delete(place);
    tile.element.remove();
    spare.push(tile);
  }
  for (let place = first; place < last; place++) {
    if (!tiles.has(place)) tiles.set(place, takeTile(gallery));
    placeTile(gallery, tiles.get(place), place);
  }
  askForPictures(gallery, first, last);
  markCurrent(gallery);
}

function takeTile(gallery) {
  const tile = gallery.spare.pop() ?? makeTile();
  tile.number = -1;
  gallery.room.append(tile.element);
  return tile;
}

function makeTile() {
  const picture = make("canvas", { class: "picture", "aria-hidden": "true" });
  const caption = make("span", { class: "caption" });
  return { picture, caption, element: make("div", { class: "tile", role: "option" }, [picture, caption]), number: -1 };
}

function placeTile(gallery, tile, place) {
  const { width, height, columns, rows, actions } = gallery;
  const { element } = tile, column = place % columns, row = Math.floor(place / columns);
  element.style.transform = `translate(${GAP + column * (width + GAP)}px, ${GAP + row * (height + GAP)}px)`;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
  if (tile.number === rows[place] && tile.place === place) return;
  const scene = actions.getScene();
  tile.number = rows[place];
  tile.place = place;
  element.id = `tile-${place}`;
  const name = nameItem(scene, tile.number);
  const isPicked = scene.picked.has(tile.number);
  tile.caption.textContent = name;
  element.setAttribute("aria-label", [name, ...describeItem(scene, tile.number)].join(", "));
  element.setAttribute("aria-selected", String(isPicked));
  element.setAttribute("aria-setsize", String(rows.length));
  element.setAttribute("aria-posinset", String(place + 1));
  element.classList.toggle("away", !scene.passes[tile.number]);
  drawPicture(gallery, tile);
}

function askForPictures({ actions, rows }, first, last) {
  const channel = actions.getChannel();
  channel.withdraw();
  const keys = [];
  for (let place = last - 1; place >= first; place--) keys.push(String(rows[place])); // the newest wish goes first
  if (keys.length) channel.request(keys);
}

function drawPicture({ actions }, tile) {
  if (tile.number >= 0) drawThumbnail(tile.picture, actions.getChannel().get(String(tile.number)));
}

/** Draw a picture whole into a canvas; say so when there is none. */
export function drawThumbnail(canvas, picture) {
  const [width, height, ratio] = fitCanvas(canvas);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  if (picture !== undefined) canvas.paints = (canvas.paints ?? 0) + 1;
  if (picture) {
    const scale = Math.min(width / picture.width, height / picture.height);
    const across = picture.width * scale, down = picture.height * scale;
    context.drawImage(picture, (width - across) / 2, (height - down) / 2, across, down);
  } else if (picture === null) {
    context.fillStyle = getComputedStyle(canvas).color;
    context.font = `${11 * ratio}px sans-serif`;
    context.textAlign = "center";
    context.fillText("no picture", width / 2, height / 2);
  }
  if (picture) canvas.paints = (canvas.paints ?? 0) + 1;
  canvas.dataset.state = picture ? "here" : picture === null ? "none" : "asked";
}

function findPlace(gallery, event) {
  const tile = event.target.closest?.(".tile");
  return tile ? Number(tile.id.slice(5)) : -1;
}

function startPicking(gallery, event) {
  const place = findPlace(gallery, event);
  if (place < 0 || event.button !== 0) return;
  const { picked } = gallery.actions.getScene();
  const number = gallery.rows[place];
  if (event.shiftKey && gallery.anchor >= 0) pickRange(gallery, gallery.anchor, place, true);
  else {
    gallery.value = !picked.has(number);
    gallery.anchor = place;
    pickRange(gallery, place, place, gallery.value);
    gallery.isDragging = event.pointerType === "mouse";
  }
  gallery.at = place;
  gallery.redraw();
}

function followPointer(gallery, event) {
  const place = findPlace(gallery, event);
  gallery.actions.onLook(place < 0 ? -1 : gallery.rows[place]);
  if (!gallery.isDragging || place < 0 || place === gallery.at) return;
  gallery.at = place;
  pickRange(gallery, gallery.anchor, place, gallery.value);
  gallery.redraw();
}

function pickRange(gallery, from, to, value) {
  const { picked } = gallery.actions.getScene();
  for (let place = Math.min(from, to); place <= Math.max(from, to); place++) {
    if (value) picked.add(gallery.rows[place]);
    else picked.delete(gallery.rows[place]);
  }
  gallery.actions.onPick();
}

function pressKey(gallery, event) {
  if (!gallery.rows.length || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = Math.max(1, Math.floor(gallery.frame.clientHeight / (gallery.height + GAP))) * gallery.columns;
  const steps = {
    ArrowRight: 1, ArrowLeft: -1, ArrowDown: gallery.columns, ArrowUp: -gallery.columns,
    PageDown: page, PageUp: -page, Home: -gallery.rows.length, End: gallery.rows.length,
  };
  if (event.key in steps) {
    const to = Math.min(Math.max(gallery.at + steps[event.key], 0), gallery.rows.length - 1);
    if (event.shiftKey) {
      if (gallery.anchor < 0) gallery.anchor = gallery.at;
      pickRange(gallery, gallery.anchor, to, true);
    }
    goTo(gallery, to);
  } else if (event.key === " " || event.key === "Enter") {
    gallery.anchor = gallery.at;
    const { picked } = gallery.actions.getScene();
    pickRange(gallery, gallery.at, gallery.at, !picked.has(gallery.rows[gallery.at]));
  } else return;
  gallery.redraw();
  event.preventDefault();
  event.stopPropagation();
}

/** Make a place the current one and bring it into sight. */
function goTo(gallery, place) {
  if (place < 0) return;
  gallery.at = place;
  const { frame, columns, height } = gallery, top = Math.floor(place / columns) * (height + GAP);
  if (top < frame.scrollTop) frame.scrollTop = top;
  if (top + height + 2 * GAP > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + height + 2 * GAP - frame.clientHeight;
  gallery.lay();
  gallery.actions.onLook(gallery.rows[place]);
}

function markCurrent(gallery) {
  const hasFocus = gallery.frame.matches(":focus");
  for (const [place, { element }] of gallery.tiles) element.classList.toggle("current", hasFocus && place === gallery.at);
  if (gallery.tiles.has(gallery.at)) gallery.frame.setAttribute("aria-activedescendant", `tile-${gallery.at}`);
  else gallery.frame.removeAttribute("aria-activedescendant");
}
