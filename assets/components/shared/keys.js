// Keys that work wherever the focus is, unless the reader types into a field.

const TYPED_INTO = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const NOT_TYPED = new Set(["range", "checkbox", "radio", "button", "submit", "color"]);

/**
 * Listen for keys while a component is mounted; return the function that ends it.
 * `onKey(key, event)` gets " ", "a", "A" (with Shift), "ArrowLeft", "?" ...; it returns true when it used the key.
 * Keys with Ctrl, Alt or Meta are left to the browser, except undo and redo, which come as "Ctrl+z", "Ctrl+y".
 */
export function listenToKeys(onKey) {
  const listener = (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && /^[zy]$/i.test(event.key);
    if ((event.ctrlKey || event.metaKey || event.altKey) && !isUndo) return;
    const key = isUndo ? `Ctrl+${event.shiftKey ? "y" : event.key.toLowerCase()}` : event.key;
    if (onKey(key, event) === true) event.preventDefault();
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

/** True in a dialog; what Streamlit says of a lost connection takes the focus too, but is only a note: see app.css. */
function isInDialog(target) {
  const dialog = target.closest('[role="dialog"]');
  const isNote = dialog?.closest('[data-testid="stDialog"]') && document.querySelector('[data-testid="stConnectionStatus"]');
  return Boolean(dialog) && !isNote;
}

/** True when a key goes into a text field, or works a slider or a list that has the focus. */
export function isTyping(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (isInDialog(target) || target.isContentEditable) return true;
  if (!TYPED_INTO.has(target.tagName)) return false;
  return !(target.tagName === "INPUT" && NOT_TYPED.has(target.type)) || event.key.startsWith("Arrow");
}
