import { getInstance } from "../shared/dom.js";
import { unpack } from "../shared/packing.js";
import { sayInTurn } from "../shared/turns.js";
import { createViewer } from "./viewer.js";

const VIEWERS = new WeakMap();

/** Show pictures with their heat maps and masks; all that is dragged is counted and painted here. */
export default function maskViewer({ data, parentElement, setStateValue }) {
  const viewer = getInstance(VIEWERS, parentElement, createViewer);
  viewer.update(unpack(data), (view) => sayInTurn(() => setStateValue("view", view)));
  return viewer.close;
}
