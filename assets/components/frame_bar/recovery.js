// What Streamlit's browser side does wrong when pages are changed fast, and how the reader gets the page back.
//
// It can break for good when pages are changed faster than they are drawn ("Bad delta path",
// "Cached ForwardMsg MISS"): nothing more is drawn then until the page is loaded again; so it is.
//
// And a part of the page before that asks by itself can ask too late: the whole page is then taken away, while the
// frame stays. Nobody is told, so the frame looks for it.

const RECOVERED_KEY = "medxai.recovered"; // in sessionStorage: when this tab was last loaded again
const AGAIN_AFTER = 15_000; // milliseconds: what breaks at once again is no accident, and is left to the reader
const CONNECTION_STATE = "data-test-connection-state", DEAD_STATE = "DISCONNECTED_FOREVER", BROKEN_WORDS = /Bad delta path/;

let isConnectionWatched = false;

/** Load the page again when its connection is dead for good. Decisions and drafts are kept in the browser. */
export function recoverFromBreaks(target = window, load = () => target.location.reload()) {
  if (isConnectionWatched) return;
  isConnectionWatched = true;
  const recover = () => {
    if (Date.now() - readLast(target) < AGAIN_AFTER) return;
    try { target.sessionStorage.setItem(RECOVERED_KEY, String(Date.now())); } catch { return; } // or it might never end
    target.medxaiIsRecovering = true; // no question whether to leave: what is not sent yet is kept
    load();
  };
  const look = (app) => { if (app.getAttribute(CONNECTION_STATE) === DEAD_STATE) recover(); };
  const app = target.document.querySelector(`[${CONNECTION_STATE}]`);
  if (app) new MutationObserver(() => look(app)).observe(app, { attributes: true, attributeFilter: [CONNECTION_STATE] });
  target.addEventListener("error", (event) => { if (BROKEN_WORDS.test(event.message ?? "")) recover(); });
  target.addEventListener("unhandledrejection", (event) => { if (BROKEN_WORDS.test(event.reason?.message ?? "")) recover(); });
}

function readLast(target) {
  try { return Number(target.sessionStorage.getItem(RECOVERED_KEY) ?? 0); } catch { return 0; }
}

const BODY = ".st-key-frame_body_place", SCRIPT_STATE = "data-test-script-state";
const LOOKS = 2; // so often in a row nothing is there, while the server does nothing

/** Return a function that is called again and again, and calls `draw` when the page has been taken away. */
export function watchForEmptyPage(draw, place = document) {
  let nEmpty = 0;
  return () => {
    const app = place.querySelector(`[${SCRIPT_STATE}]`), body = place.querySelector(BODY);
    const isEmpty = app?.getAttribute(SCRIPT_STATE) === "notRunning" && !body?.textContent.trim();
    nEmpty = isEmpty ? nEmpty + 1 : 0;
    if (nEmpty < LOOKS) return;
    nEmpty = 0;
    draw();
  };
}
