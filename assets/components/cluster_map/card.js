// The card beside a point: its picture and what is known of it.

import { make } from "../shared/dom.js";
import { drawThumbnail } from "./gallery.js";
import { describeItem, nameItem } from "./words.js";

const WIDTH = 212, HEIGHT = 270, AWAY = 16;

/** Make the card. */
export function makeCard() {
  const picture = make("canvas", { class: "card-picture", "aria-hidden": "true" });
  const name = make("p", { class: "card-name" }), lines = make("div");
  const element = make("div", { class: "card", role: "status", hidden: true }, [picture, name, lines]);
  const card = { element, number: -1 };
  card.show = (scene, channel, number, at, size) => {
    card.number = number;
    card.draw = () => drawThumbnail(picture, channel.get(String(number)));
    name.textContent = nameItem(scene, number);
    lines.replaceChildren(...describeItem(scene, number).map((text) => make("p", { text })));
    element.hidden = false;
    element.style.left = `${at[0] + AWAY + WIDTH > size[0] ? Math.max(0, at[0] - AWAY - WIDTH) : at[0] + AWAY}px`;
    element.style.top = `${Math.max(0, Math.min(at[1] - 40, size[1] - HEIGHT))}px`;
    card.draw();
    channel.request([String(number)]);
  };
  card.hide = () => { card.number = -1; element.hidden = true; };
  card.draw = () => {};
  return card;
}
