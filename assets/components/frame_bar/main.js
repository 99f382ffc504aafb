import { getInstance, make } from "../shared/dom.js";
import { isTyping } from "../shared/keys.js";
import { makeHelp } from "./help.js";
import { drawStages } from "./stages.js";
import { keepHistoryShort } from "./steps.js";
import { makeTour } from "./tour.js";

const bars = new WeakMap();

/** The line at the top of every page: stages, next step, help, tour. */
export default function frameBar({ data, parentElement, setStateValue }) {
  const bar = getInstance(bars, parentElement, makeBar);
  bar.go = (asked) => setStateValue("asked", { ...asked, turn: Date.now() });
  bar.data = data;
  drawBar(bar);
  return () => {
    window.removeEventListener("keydown", bar.onKey);
    bars.delete(parentElement);
  };
}

function makeBar(root) {
  keepHistoryShort();
  const bar = { root, data: null, go: () => {} };
  bar.line = make("div", { class: "line" });
  bar.help = makeHelp(bar);
  bar.tour = makeTour(bar);
  root.append(bar.line, bar.tour.offer, bar.tour.card, bar.help.dialog);
  bar.onKey = (event) => pressKey(bar, event);
  window.addEventListener("keydown", bar.onKey);
  return bar;
}

function drawBar(bar) {
  const stages = drawStages(bar);
  const help = make("button", {
    class: "help", text: "Help", title: "Keys, words, tour (press ?)", type: "button",
    onclick: () => bar.help.open(),
  });
  bar.line.replaceChildren(...stages, help);
  bar.help.draw();
  bar.tour.draw();
}

/** Keys of the frame: what a view has used already (defaultPrevented) is left alone. */
function pressKey(bar, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (event.altKey) {
    const page = bar.data.pages[Number(/^Digit([1-9])$/.exec(event.code)?.[1] ?? 0) - 1];
    if (!page) return;
    event.preventDefault();
    bar.go({ page: page.name });
  } else if (event.key === "?" && !isTyping(event)) {
    event.preventDefault();
    bar.help.open();
  }
}
