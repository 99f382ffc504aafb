// Components speak one after the other. Streamlit sends what was set at one moment under the fragment that spoke
// first: what a component in another fragment says at the same moment is kept, but nothing is run for it.

const SPEAKERS = Symbol.for("medxai.speakers");
const MILLISECONDS_APART = 20; // Streamlit sends with a timer of 0

/** Call `say` (which calls setStateValue or setTriggerValue) when no other component has just spoken. */
export function sayInTurn(say) {
  const speakers = (globalThis[SPEAKERS] ??= []);
  speakers.push(say);
  if (speakers.length === 1) setTimeout(sayNext, 0);
}

function sayNext() {
  const speakers = globalThis[SPEAKERS];
  try {
    speakers[0]();
  } finally {
    setTimeout(() => {
      speakers.shift();
      if (speakers.length) sayNext();
    }, MILLISECONDS_APART);
  }
}
