import { make } from "../shared/dom.js";

const KEY = "medxai.tour"; // in localStorage: the number of the stop, or "done"
const FOLDED_KEY = "medxai.tour.folded"; // {isFolded, page}: the page is the one where the tour was seen last

/** Make the tour of the demo: an offer on the first page, then a line above each page, over nothing; it folds where the tour is left. */
export function makeTour(bar) {
  const offer = make("div", { class: "offer", role: "region", "aria-label": "Tour of the demo", hidden: true });
  const card = make("section", { class: "card", "aria-label": "Tour of the demo", tabindex: "-1", hidden: true });
  const tour = { offer, card };
  const move = (step) => {
    remember(step);
    rememberFolded({ isFolded: false, page: bar.data.page });
    tour.draw();
    if (typeof step !== "number") return;
    card.focus({ preventScroll: true });
    if (bar.data.tour[step].page !== bar.data.page) bar.go({ page: bar.data.tour[step].page });
  };
  const fold = (isFolded) => {
    rememberFolded({ isFolded, page: bar.data.page });
    tour.draw();
    card.querySelector("button").focus({ preventScroll: true });
  };
  card.onkeydown = (event) => { if (event.key === "Escape") move("done"); };
  tour.start = () => move(0);
  tour.draw = () => {
    const { tour: stops, page, offersTour } = bar.data;
    const step = recall();
    offer.hidden = !stops.length || !offersTour || step !== null || page !== stops[0]?.page;
    card.hidden = !stops[step];
    if (!offer.hidden) offer.replaceChildren(...drawOffer(stops, move));
    if (card.hidden) return;
    const isFolded = foldWhenLeft(page, stops[step].page);
    card.classList.toggle("folded", isFolded);
    card.replaceChildren(...(isFolded ? drawFolded(stops, step, fold) : drawCard(stops, step, page, { move, fold })));
  };
  return tour;
}

function drawOffer(stops, move) {
  return [
    make("span", { text: `New here? A tour of the demo: ${stops.length} stops, two minutes.` }),
    makeButton("Start the tour", () => move(0), "primary"),
    makeButton("Not now", () => move("done")),
  ];
}

/** Return whether the tour is folded; it folds when the reader has gone to a page that is not its stop. */
function foldWhenLeft(page, stopPage) {
  const seen = recallFolded();
  if (page === seen.page) return seen.isFolded;
  const next = { isFolded: seen.isFolded || (seen.page !== null && page !== stopPage), page };
  rememberFolded(next);
  return next.isFolded;
}

function drawFolded(stops, step, fold) {
  const button = makeButton(`Tour, ${step + 1} of ${stops.length}: ${stops[step].title}`, () => fold(false), "unfold");
  button.setAttribute("aria-expanded", "false");
  return [button];
}

function drawCard(stops, step, page, { move, fold }) {
  const stop = stops[step], isLast = step === stops.length - 1;
  const isAway = stop.page !== page;
  return [
    make("div", { class: "stop" }, [
      make("p", { class: "quiet", text: `Tour, ${step + 1} of ${stops.length}` }),
      make("h2", { text: stop.title }),
      make("p", { text: stop.words, "aria-live": "polite" }),
    ]),
    make("div", { class: "buttons" }, [
      makeButton("Fold", () => fold(true)),
      makeButton(isLast ? "Done" : "End the tour", () => move("done")),
      step > 0 && makeButton("Back", () => move(step - 1)),
      isAway && makeButton("Go there", () => move(step), "primary"),
      !isAway && !isLast && makeButton("Next stop", () => move(step + 1), "primary"),
    ]),
  ];
}

function makeButton(text, onclick, kind = "") {
  return make("button", { text, onclick, class: kind, type: "button" });
}

function remember(step) {
  try { localStorage.setItem(KEY, JSON.stringify(step)); } catch { /* private window: for this page only */ }
  remembered = step;
}

function recall() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? remembered; } catch { return remembered; }
}

function rememberFolded(seen) {
  try { localStorage.setItem(FOLDED_KEY, JSON.stringify(seen)); } catch { /* private window: for this page only */ }
  rememberedFolded = seen;
}

function recallFolded() {
  try { return JSON.parse(localStorage.getItem(FOLDED_KEY)) ?? rememberedFolded; } catch { return rememberedFolded; }
}

let remembered = null, rememberedFolded = { isFolded: false, page: null };
