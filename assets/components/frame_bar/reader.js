// Who reads in this browser. It is kept here, for this server only, and never in the address.

import { sayInTurn } from "../shared/turns.js";

const READER_KEY = "medxai.reader"; // {name, isSaid}: isSaid is false while the name was only made up for this browser
const YEAR = 31_536_000; // seconds

let lastNews = null, keptHere = null;

/** Keep what was said on the page, or tell the server what this browser keeps; `bar.sayReader` sends it. */
export function followReader(bar) {
  const { name, isSaid, news } = bar.data.reader;
  const isNew = news !== null && news !== lastNews;
  lastNews = news;
  if (isNew || recallReader() === null) keepReader({ name, isSaid });
  writeCookie();
  tellReader(bar);
}

/** Follow what is said in another tab; return the function that ends it. */
export function listenToReader(bar) {
  const hear = (event) => { if (event.key === READER_KEY && bar.data) tellReader(bar); };
  window.addEventListener("storage", hear);
  return () => window.removeEventListener("storage", hear);
}

function tellReader(bar) {
  const kept = recallReader(), { name, isSaid } = bar.data.reader;
  if (kept !== null && (kept.name !== name || kept.isSaid !== isSaid)) sayInTurn(() => bar.sayReader({ ...kept, turn: Date.now() }));
}

function keepReader(reader) {
  keptHere = reader;
  try { localStorage.setItem(READER_KEY, JSON.stringify(reader)); } catch { /* private window: for this page only */ }
}

/** Return {name, isSaid}; null from a browser that is new to this server. */
function recallReader() {
  try {
    const kept = JSON.parse(localStorage.getItem(READER_KEY));
    return typeof kept?.name === "string" ? { name: kept.name, isSaid: kept.isSaid === true } : keptHere;
  } catch {
    return keptHere;
  }
}

/** Let the server know with the next connection, before anything is drawn. */
function writeCookie() {
  const { name, isSaid } = recallReader();
  const value = encodeURIComponent(JSON.stringify([name, isSaid]));
  document.cookie = `medxai_reader_${location.port || 0}=${value}; path=/; max-age=${YEAR}; SameSite=Strict`;
}
