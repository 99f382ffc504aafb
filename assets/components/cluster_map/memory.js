// What survives a reload: kept in the browser, by study and map. It holds no name and no label.

const PREFIX = "medxai-map-", MOST_MAPS = 12;

/** Return what is kept of a map, {} when there is nothing. */
export function recall(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + key));
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

/** Keep facts of a map; a full or forbidden store is no reason to stop. */
export function remember(key, facts) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify({ ...facts, at: Date.now() }));
    dropOldest();
  } catch {
    return false;
  }
  return true;
}

function dropOldest() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  if (keys.length <= MOST_MAPS) return;
  const age = (key) => recall(key.slice(PREFIX.length)).at ?? 0;
  keys.sort((a, b) => age(a) - age(b));
  for (const key of keys.slice(0, keys.length - MOST_MAPS)) localStorage.removeItem(key);
}
