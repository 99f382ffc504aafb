// Which picture: the neighbours as small pictures, and buttons to the one before and the next.

import { make } from "../shared/dom.js";
import { getChannel } from "../shared/feeds.js";

const THUMBNAIL_ROOM = 54; // css pixels a small picture takes
const MOST_THUMBNAILS = 24;

/** Make the strip. `onChoose(number)` comes with a click. */
export function makeStrip({ onChoose }) {
  const list = make("div", { class: "thumbnails", role: "group", "aria-label": "Pictures of the split" });
  const previous = make("button", { type: "button", title: "Previous picture (P)", text: "‹ Previous", onclick: () => onChoose(number - 1) });
  const next = make("button", { type: "button", title: "Next picture (N)", text: "Next ›", onclick: () => onChoose(number + 1) });
  const words = make("span", { class: "quiet" });
  const element = make("section", { class: "strip", "aria-label": "Choose the picture" }, [previous, list, next, words]);
  let number = 0, total = 1, split = "", channel = null, forget = null, tiles = [], nShown = 0;
  const observer = new ResizeObserver(() => { if (countRoom() !== nShown) layOut(); });
  observer.observe(list);

  const countRoom = () => Math.max(1, Math.min(MOST_THUMBNAILS, Math.floor(list.clientWidth / THUMBNAIL_ROOM)));

  /** Lay out as many small pictures as there is room for, the current one in their middle. */
  function layOut() {
    nShown = countRoom();
    const first = Math.max(0, Math.min(number - (nShown >> 1), total - nShown));
    const shown = Array.from({ length: Math.min(nShown, total) }, (_, i) => first + i);
    tiles = shown.map((one) => makeThumbnail(one, `${split}/${one}`, one === number, onChoose));
    list.replaceChildren(...tiles.map((tile) => tile.button));
    channel?.request(tiles.map((tile) => tile.key));
    draw();
  }

  function draw() {
    for (const { canvas, key } of tiles) {
      const bitmap = channel?.get(key);
      if (!bitmap || canvas.dataset.key === key) continue;
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      canvas.dataset.key = key;
    }
  }

  return {
    element,
    connect(name) {
      forget?.();
      channel = getChannel(name);
      forget = channel.onArrival(draw);
    },
    update(nextSplit, nextNumber, nextTotal, name) {
      [split, number, total] = [nextSplit, nextNumber, nextTotal];
      previous.disabled = number <= 0;
      next.disabled = number >= total - 1;
      words.textContent = `${number + 1} of ${total}${name ? ` · ${name}` : ""}`;
      element.hidden = total <= 1;
      layOut();
    },
    close() {
      forget?.();
      observer.disconnect();
    },
  };
}

function makeThumbnail(number, key, isCurrent, onChoose) {
  const canvas = make("canvas", { "aria-hidden": "true", width: 8, height: 6 });
  const facts = { type: "button", "aria-label": `Picture ${number + 1}`, title: `Picture ${number + 1}`, onclick: () => onChoose(number) };
  const button = make("button", { ...facts, "aria-current": isCurrent ? "true" : null }, [canvas]);
  return { button, canvas, key };
}
