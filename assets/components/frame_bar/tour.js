import { make } from "../shared/dom.js";

const KEY = "medxai.tour"; // in localStorage: the number of the stop, or "done"

/** Make the tour of the demo: an offer on the first page, then a card in the corner that follows from page to page. */
export function makeTour(bar) {
  const offer = make("div", { class: "offer", role: "region", "aria-label": "Tour of the demo", hidden: true });
  const card = make("section", { class: "card", "aria-label": "Tour of the demo", tabindex: "-1", hidden: true });
  const tour = { offer, card };
  const move = (step) => {
    remember(step);
    tour.draw();
    if (typeof step !== "number") return;
    card.focus({ preventScroll: true });
    if (bar.data.tour[step].page !== bar.data.page) bar.go({ page: bar.data.tour[step].page });
  };
  card.onkeydown = (event) => { if (event.key === "Escape") move("done"); };
  tour.start = () => move(0);
  tour.draw = () => {
    const { tour: stops, page, offersTour } = bar.data;
    const step = recall();
    offer.hidden = !stops.length || !offersTour || step !== null || page !== stops[0]?.page;
    card.hidden = !stops[step];
    if (!offer.hidden) offer.replaceChildren(...drawOffer(stops, move));
    if (!card.hidden) card.replaceChildren(...drawCard(stops, step, page, move));
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

function drawCard(stops, step, page, move) {
  const stop = stops[step], isLast = step === stops.length - 1;
  const isAway = stop.page !== page;
  return [
    make("p", { class: "quiet", text: `Tour, ${step + 1} of ${stops.length}` }),
    make("h2", { text: stop.title }),
    make("p", { text: stop.words, "aria-live": "polite" }),
    make("div", { class: "buttons" }, [
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

let remembered = null;
