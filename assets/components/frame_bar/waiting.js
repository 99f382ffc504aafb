// Decisions that lie in this browser and are not in the store: seen on every page, sent where Review is open.

import { make } from "../shared/dom.js";
import { countWaiting } from "../review_grid/waiting_acts.js";

const OLD_MILLISECONDS = 5000; // what is younger is on its way

/** Return the sign: {element, draw}. */
export function makeWaiting(bar) {
  const full = make("span", { class: "full" }), short = make("span", { class: "short" });
  const element = make("button", { type: "button", class: "waiting", hidden: true, onclick: () => bar.go({ page: "review" }) }, [full, short]);
  const status = make("span", { class: "waiting-place", role: "status" }, [element]);
  const draw = () => {
    const { study, reader, page } = bar.data;
    const n = study === null ? 0 : countWaiting(study, reader.name, OLD_MILLISECONDS);
    element.hidden = n === 0 || page === "review"; // the review says so itself
    const words = `${n.toLocaleString("en")} ${n === 1 ? "decision waits" : "decisions wait"} to be sent`;
    if (n && full.textContent !== words) Object.assign(element, { ariaLabel: `${words}: open Review`, title: `${words}. Open Review: it sends them.` });
    full.textContent = words;
    short.textContent = `${n.toLocaleString("en")} not sent`;
  };
  return { element: status, draw };
}
