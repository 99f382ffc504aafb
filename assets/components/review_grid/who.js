// Who reviews in this browser: asked once, beside the pictures. Decisions wait for the answer; looking does not.

import { make } from "../shared/dom.js";

/** Return the question: {element, show(), insist()}; `onAnswer(name)` sends what was said. */
export function makeWho(onAnswer) {
  const field = make("input", { type: "text", id: "who", maxlength: "40", autocomplete: "off", "aria-describedby": "who-note" });
  const note = make("span", { class: "quiet", id: "who-note" });
  const button = make("button", { type: "submit", class: "primary", text: "That is me" });
  const element = make("form", { class: "who", hidden: true, "aria-label": "Who is reviewing in this browser?" }, [
    make("label", { for: "who" }, [make("strong", { text: "Who is reviewing in this browser?" })]), field, button, note,
  ]);
  let proposed = null;
  const say = ({ name, n }) => {
    const used = `“${name}” has decided ${n.toLocaleString("en")} ${n === 1 ? "time" : "times"} in this study. If that was not you, write another name.`;
    note.textContent = n && field.value === name ? used : "A pseudonym; it stands beside every decision and can be changed on the left.";
  };
  element.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) onAnswer(field.value);
    field.blur();
  };
  return {
    element,
    /** Ask, with a name filled in that one key accepts; not where it was answered. */
    show({ must_ask: mustAsk, proposal }) {
      element.hidden = !mustAsk;
      if (!mustAsk || proposed === proposal.name) return;
      proposed = field.value = proposal.name;
      field.oninput = () => say(proposal);
      say(proposal);
    },
    /** Lead to the question: something waits for it. */
    insist() {
      field.focus();
      field.select();
    },
  };
}
