// Which cards of a list are chosen: by click, Shift, Ctrl, a box. Pure: each step returns a new choice.

/** Return an empty choice: {chosen: Set of places, anchor: place}. */
export function emptyChoice() {
  return { chosen: new Set(), anchor: null };
}

/** Return the choice after a click on a place. `keys`: {shift, toggle}. */
export function clickPlace(choice, place, { shift = false, toggle = false } = {}) {
  if (shift && choice.anchor !== null) {
    const [from, to] = [Math.min(choice.anchor, place), Math.max(choice.anchor, place)];
    const chosen = new Set(toggle ? choice.chosen : []);
    for (let at = from; at <= to; at += 1) chosen.add(at);
    return { chosen, anchor: choice.anchor };
  }
  const chosen = new Set(toggle ? choice.chosen : []);
  if (toggle && chosen.has(place)) chosen.delete(place);
  else chosen.add(place);
  return { chosen, anchor: place };
}

/** Return the choice after a box was drawn around places; with `add` those before stay. */
export function boxPlaces(choice, places, add) {
  const chosen = new Set(add ? choice.chosen : []);
  for (const place of places) chosen.add(place);
  return { chosen, anchor: places[0] ?? choice.anchor };
}
