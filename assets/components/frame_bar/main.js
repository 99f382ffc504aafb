import { getInstance, make } from "../shared/dom.js";
import { isTyping } from "../shared/keys.js";
import { sayInTurn } from "../shared/turns.js";
import { makeHelp } from "./help.js";
import { followReader, listenToReader } from "./reader.js";
import { recoverFromBreaks, watchForEmptyPage } from "./recovery.js";
import { drawStages } from "./stages.js";
import { keepHistoryShort } from "./steps.js";
import { makeTour } from "./tour.js";
import { makeWaiting } from "./waiting.js";

const DECISIONS_HEARD = "medxai-stored";
const LOOK_MILLISECONDS = 250; // from a decision in the store to a look at the counts; more that come meanwhile share it

const bars = new WeakMap();

/** The line at the top of every page: stages, next step, help, tour. */
export default function frameBar({ data, parentElement, setStateValue }) {
  const bar = getInstance(bars, parentElement, makeBar);
  bar.go = (asked) => setStateValue("asked", { ...asked, turn: Date.now() });
  bar.sayReader = (reader) => setStateValue("reader", reader);
  bar.look = () => setStateValue("look", Date.now());
  bar.drawPage = () => setStateValue("page_lost", Date.now());
  showTop(bar.data, data);
  bar.data = data;
  drawBar(bar);
  followReader(bar);
  return () => {
    for (const release of bar.releases) release();
    bars.delete(parentElement);
  };
}

/** Bring the page to its top when another study is opened, or when what is told there has changed. */
function showTop(before, now) {
  if (!before || before.page !== now.page) return; // Streamlit does so itself
  const isTold = now.atTop.length > 0 && now.atTop.join() !== before.atTop.join();
  if (isTold || now.study !== before.study) document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
}

function makeBar(root) {
  keepHistoryShort();
  recoverFromBreaks();
  const bar = { root, data: null, go: () => {}, sayReader: () => {}, look: () => {}, drawPage: () => {} };
  bar.line = make("div", { class: "line" });
  bar.help = makeHelp(bar);
  bar.tour = makeTour(bar);
  bar.waiting = makeWaiting(bar);
  root.append(bar.line, bar.tour.offer, bar.tour.card, bar.help.dialog);
  const onKey = (event) => pressKey(bar, event), looking = lookSoon(bar);
  const lookForPage = watchForEmptyPage(() => bar.drawPage());
  const watching = setInterval(() => { bar.waiting.draw(); lookForPage(); }, 1500);
  window.addEventListener("keydown", onKey);
  window.addEventListener(DECISIONS_HEARD, looking);
  bar.releases = [
    () => window.removeEventListener("keydown", onKey),
    () => window.removeEventListener(DECISIONS_HEARD, looking),
    () => clearInterval(watching),
    listenToReader(bar),
  ];
  return bar;
}

/** Return a function that has the counts looked at, once for all that happens within a moment. */
function lookSoon(bar) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    setTimeout(() => { isAsked = false; sayInTurn(() => bar.look()); }, LOOK_MILLISECONDS);
  };
}

function drawBar(bar) {
  const stages = drawStages(bar);
  const help = make("button", {
    class: "help", text: "Help", title: "Keys, words, tour (press ?)", type: "button",
    onclick: () => bar.help.open(),
  });
  bar.line.replaceChildren(...stages, bar.waiting.element, help);
  bar.waiting.draw();
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
