import { make } from "../shared/dom.js";

const STATES = { done: "done", work: "at work", next: "next", open: "not yet" };

/** Return the list of stages and the button of the next step. */
export function drawStages(bar) {
  const { stages, next } = bar.data;
  if (!stages.length) return [make("p", { class: "quiet lead", text: "No study is open yet." })];
  const items = stages.map((stage) => make("li", {}, [drawStage(bar, stage)]));
  const list = make("nav", { "aria-label": "Stages of this study" }, [make("ol", {}, items)]);
  return [list, next ? drawNext(bar, next) : make("span", { class: "quiet busy", text: "At work" })];
}

function drawStage(bar, stage) {
  const isHere = stage.page === bar.data.page;
  const number = stage.number === "-" ? STATES[stage.state] : stage.number;
  const link = make("a", {
    href: writeAddress(bar.data, stage.page),
    class: "stage",
    title: stage.explained,
    "aria-label": `${stage.title}, ${STATES[stage.state]}: ${number}`,
    "data-state": stage.state,
    "aria-current": isHere ? "page" : null,
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (!isHere) bar.go({ page: stage.page });
    },
  });
  link.append(
    make("span", { class: "sign", "aria-hidden": "true" }),
    makeWords("title", stage.title, stage.short),
    makeWords("number", number, shortenNumber(number)),
  );
  return link;
}

/** Return words that are short where there is little room; a screen reader hears the name of the link or button. */
function makeWords(kind, full, short) {
  return make("span", { class: kind }, [make("span", { class: "full", text: full }), make("span", { class: "short", text: short })]);
}

/** "Dice 0.439 (disk 0.295)" -> "0.439", "13 of 53 reviewed" -> "13 of 53" */
function shortenNumber(number) {
  return number.replace(/^Dice /, "").replace(/ \(.*\)$/, "").replace(/ (reviewed|labelled|clusters)$/, "");
}

function drawNext(bar, next) {
  if (next.isHere) {
    const words = `${next.label.charAt(0).toLowerCase()}${next.label.slice(1)}`;
    return make("span", { class: "quiet step here", text: `Here: ${words}`, title: next.explained });
  }
  const label = bar.data.isFinished ? next.label : `Next: ${next.label}`;
  const button = make("button", {
    class: bar.data.isFinished ? "step" : "step next", title: next.explained, type: "button", "aria-label": label,
    onclick: (event) => {
      const button = event.currentTarget;
      button.disabled = true; // a second click would start it twice
      setTimeout(() => { button.disabled = false; }, 3000);
      bar.go({ step: "next" });
    },
  });
  button.append(makeWords("words", label, label.split(/[ :]/)[0]));
  return button;
}

/** Return the address of a page, so that a stage can be opened in a tab of its own or sent to someone. */
function writeAddress(data, page) {
  return `${page}?${new URLSearchParams(data.kept)}`;
}
