// The review of one deck: what is shown, and what is said about it.

import { make } from "../shared/dom.js";
import { getChannel } from "../shared/feeds.js";
import { listenToKeys } from "../shared/keys.js";
import { filterCards, findOpen, getCardState, readDeck } from "./deck.js";
import { getDesk } from "./desk.js";
import { openHelp } from "./dialogs.js";
import { makeGridView } from "./grid_view.js";
import { sayEmpty, sayGap, saySeeds, showActions, showFailures } from "./notices.js";
import { makeNaming, readNamed } from "./naming.js";
import { makeOneView } from "./one_view.js";
import { listAround, makePrefetch } from "./prefetch.js";
import { makeReasons } from "./reasons.js";
import { recallChoices, rememberChoices } from "./remembering.js";
import { makeReviewKeys } from "./review_keys.js";
import { makeThumbs } from "./thumbs.js";
import { makeToolbar } from "./toolbar.js";
import { makeWho } from "./who.js";
import { GRID_HINT, listHelp } from "./words.js";

const MOST_LARGE_KEPT = 28;
const LEAST_HEIGHT = 440;
const SETTLING_ACTIONS = new Set(["accept", "reject", "other", "unsure", "label"]);

/** Keep one review in an element: its deck, the cards that pass the filters, the place among them, the view. */
export class Review {
  constructor(root) {
    this.root = root;
    this.parts = {
      alert: make("p", { class: "alert", role: "alert", hidden: true }),
      note: make("p", { class: "note", role: "status", "aria-live": "polite" }),
      failures: make("div", { class: "failures", role: "alert", hidden: true }),
      actions: make("div", { class: "actions" }),
      empty: make("div", { class: "empty", hidden: true }),
      foot: make("p", { class: "quiet foot" }),
    };
    Object.assign(this, { deck: null, desk: null, reasons: null, releases: null, deckReleases: [] });
    Object.assign(this, { cards: [], place: -1, view: "one", show: "open", cluster: null, item: null, waiting: null, chosen: null });
    this.setChoice = () => {};
    this.nameShown = makeNaming(this);
  }

  /** Show what the server sent; the same deck again, as after a change of the theme, is only drawn anew. */
  open(data) {
    const deck = readDeck(data), { header } = deck, before = this.deck?.header;
    if (before?.deck_id === header.deck_id && this.releases) return this.redraw();
    const isSameQueue = before !== undefined && before.mode === header.mode && before.reader === header.reader;
    const isAnswered = before?.must_ask && !header.must_ask && before.mode === header.mode;
    const item = isAnswered || (isSameQueue && before.order === header.order) ? this.getItem() : null;
    Object.assign(this, {
      deck, desk: getDesk(header), lookMilliseconds: header.look_ms, isReadOnly: header.read_only, outline: header.outline,
    });
    this.chosen = null;
    if (!this.releases) this.build();
    this.followDeck();
    const named = before ? {} : readNamed(deck);
    const kept = isSameQueue || isAnswered ? null : recallChoices(header, deck);
    Object.assign(this, kept, kept && named);
    if (header.settles) this.show = "all"; // whoever settles has decided on it before
    else if (before?.settles) this.show = "open";
    this.one.restart();
    this.who.show(header);
    this.list(item ?? (isSameQueue ? null : this.item)); // another order begins at its beginning
    if (named.isOwn && this.getItem() !== named.item) this.list(kept.item); // loaded again just after a decision
    if (!named.isOwn) this.showItem(named.item ?? (isAnswered ? item : null));
    if (isAnswered) this.takeUp();
  }

  close() {
    for (const release of [...(this.releases ?? []), ...this.deckReleases]) release();
    this.releases = null;
  }

  build() {
    const { header } = this.deck, { parts } = this, keys = makeReviewKeys(this);
    this.large = getChannel(header.large);
    this.large.keepAtMost(MOST_LARGE_KEPT);
    const small = getChannel(header.small);
    this.thumbs = makeThumbs(small);
    this.prefetch = makePrefetch(this.large);
    this.toolbar = makeToolbar(this);
    this.who = makeWho((reader) => this.desk.hub.send("lifeline", { knock: `who-${Date.now()}`, reader }));
    this.one = makeOneView(this);
    this.grid = makeGridView(this);
    const status = make("div", { class: "status" }, [parts.note, this.toolbar.saved]);
    const views = [this.one.element, this.grid.element];
    this.root.replaceChildren(this.who.element, this.toolbar.element, parts.alert, parts.failures, parts.actions, ...views, parts.empty, status, parts.foot);
    const fit = () => this.fit(), resizing = new ResizeObserver(fit);
    for (const one of [this.root, document.querySelector('[data-testid="stMainBlockContainer"]')]) if (one) resizing.observe(one);
    window.addEventListener("resize", fit);
    document.addEventListener("keydown", keys.onControlA);
    window.addEventListener("medxai-address", this.nameShown);
    this.releases = [
      listenToKeys(keys.onKey),
      this.large.onArrival((arrived) => { if (this.isInOne() && arrived.includes(this.deck.images[this.cards[this.place]])) this.one.redraw(); }),
      small.onArrival(() => this.grid.noteSeen()),
      () => resizing.disconnect(),
      () => window.removeEventListener("resize", fit),
      () => document.removeEventListener("keydown", keys.onControlA),
      () => window.removeEventListener("medxai-address", this.nameShown),
      () => this.thumbs.release(),
      () => this.prefetch.release(),
    ];
    requestAnimationFrame(fit);
  }

  /** Listen for what concerns this deck, and read the reader's log. */
  followDeck() {
    const { header, history } = this.deck;
    for (const release of this.deckReleases) release();
    this.reasons = header.labelling ? makeReasons(this.desk.hub, header.labelling) : null;
    this.deckReleases = [this.desk.onChange((news) => this.hear(news))];
    if (this.reasons) {
      this.deckReleases.push(this.reasons.onArrival(() => { if (this.isInOne()) this.one.redraw(); }), () => this.reasons.release());
    }
    this.desk.open(history);
  }

  /** Leave a decision for when it is known who decides; it is taken then, where it is still open. */
  waitForReader(act) {
    this.waiting = act;
    this.say("Not recorded yet: first say who is reviewing in this browser (Enter takes the name that stands there).");
    this.who.insist();
  }

  /** Take the decision that has waited for its reader. */
  takeUp() {
    const act = this.waiting;
    this.waiting = null;
    act?.();
  }

  hear(news) {
    if (news.failures?.length) this.bringBack();
    this.toolbar.showSaved(this.desk.describeOutbox());
    if (news.decided) return;
    const isGone = news.added && this.place >= 0 && this.show === "open" && !this.isOpen(this.cards[this.place]);
    if (isGone) this.advance(); // another tab of this reader decided on it
    if (news.added || news.failures?.length) this.showCard();
    else if (news.stored || news.effects) setTimeout(() => this.showRest(), 0);
  }

  /** Put pictures whose decision failed into the list again. */
  bringBack() {
    const cards = this.desk.listFailures().map(([item]) => this.deck.places.get(item));
    if (cards.some((card) => card !== undefined && !this.cards.includes(card))) this.list(this.getItem());
  }

  getItem() {
    return this.place < 0 ? null : this.deck.ids[this.cards[this.place]] ?? null;
  }

  isOpen(card) {
    return getCardState(this.deck, this.desk, card).outcome === "open";
  }

  isInOne() {
    return this.view === "one" && this.place >= 0;
  }

  countDecided() {
    return this.cards.filter((card) => !this.isOpen(card)).length;
  }

  describePlace() {
    return `${(this.place + 1).toLocaleString("en")} of ${this.cards.length.toLocaleString("en")}`;
  }

  say(text) {
    this.parts.note.textContent = text;
  }

  /** List the cards that pass the filters anew; stay at an item when it is among them. */
  list(item = null) {
    this.cards = filterCards(this.deck, this.desk, this);
    const place = item === null ? -1 : this.cards.indexOf(this.deck.places.get(item));
    this.place = place >= 0 ? place : this.cards.length ? 0 : -1;
    this.grid.restart();
    this.showCard();
  }

  /** Go to the next open card; where all kinds are shown, to the next one. */
  advance() {
    const next = this.show === "open" ? findOpen(this.deck, this.desk, this.cards, this.place) : this.place + 1;
    if (next < 0) this.list();
    else this.place = Math.min(next, this.cards.length - 1);
  }

  /** Take pictures out of the list whose disagreement was just settled; false where nothing is settled by this. */
  settle(action, items) {
    if (!this.deck.header.settles || !SETTLING_ACTIONS.has(action)) return false;
    const gone = new Set(items.map(({ item }) => this.deck.places.get(item)));
    const nBefore = this.cards.slice(0, this.place).filter((card) => gone.has(card)).length;
    this.cards = this.cards.filter((card) => !gone.has(card));
    this.place = Math.min(this.place - nBefore, this.cards.length - 1);
    this.grid.restart();
    return true;
  }

  step(by) {
    this.place = (this.place + by + this.cards.length) % this.cards.length;
    this.say("");
    this.showCard();
  }

  goTo(place) {
    this.place = place;
    this.grid.redraw();
    setTimeout(() => this.showRest(), 0);
  }

  /** Show an item, whatever the filters let through. */
  showItem(item) {
    const card = this.deck.places.get(item);
    if (card === undefined) return;
    if (!this.cards.includes(card)) {
      const at = Math.max(this.place, 0);
      this.cards = [...this.cards.slice(0, at), card, ...this.cards.slice(at)];
      this.grid.restart();
    }
    this.place = this.cards.indexOf(card);
    if (this.view === "grid") this.grid.scrollTo(this.place);
    this.showCard();
  }

  /** Draw the card now, and all that stands around it right after. */
  showCard() {
    const isEmpty = this.place < 0, { parts } = this;
    parts.empty.hidden = !isEmpty;
    this.one.element.hidden = isEmpty || this.view !== "one";
    this.grid.element.hidden = isEmpty || this.view !== "grid";
    parts.actions.hidden = isEmpty || this.view !== "grid";
    if (isEmpty) sayEmpty(parts.empty, this);
    if (this.view === "one") this.one.show(isEmpty ? null : this.cards[this.place]);
    else this.grid.redraw();
    setTimeout(() => this.showRest(), 0);
  }

  showRest() {
    const { deck, parts } = this;
    this.fetchAround();
    this.toolbar.update();
    this.toolbar.showSaved(this.desk.describeOutbox());
    showFailures(parts.failures, this);
    this.showActions();
    const said = deck.header.mode === "seeds" ? [saySeeds(this)] : [...sayGap(this), ...this.desk.getEffects()];
    parts.foot.textContent = said.join(" ") || (this.view === "grid" ? GRID_HINT : "");
    this.nameShown();
    if (this.place >= 0) rememberChoices(deck.header, { view: this.view, show: this.show, cluster: this.cluster, item: this.getItem() });
  }

  fetchAround() {
    if (this.place < 0) return;
    const { deck } = this, around = listAround(this.cards, this.place, (card) => this.isOpen(card));
    if (this.view === "one") this.prefetch.want(around.map((card) => deck.images[card]));
    this.reasons?.request(around.filter((card) => deck.labelOf(card) !== null).map((card) => deck.ids[card]));
  }

  redraw() {
    this.one.redraw();
    this.grid.redraw();
    this.toolbar.update();
    this.thumbs.redraw();
  }

  /** Use the height that the window leaves. */
  fit() {
    const top = Math.max(this.root.getBoundingClientRect().top + window.scrollY, 0);
    this.root.style.setProperty("--height", `${Math.max(LEAST_HEIGHT, window.innerHeight - top - 24)}px`);
    this.redraw();
  }

  setView(view) {
    this.view = view;
    this.say("");
    this.showCard();
    if (view === "grid") requestAnimationFrame(() => this.grid.restart());
  }

  /** Ask for another queue; until it is there the address names what was asked for. */
  choose(choice) {
    this.chosen = choice;
    this.setChoice(choice);
    this.nameShown();
  }

  chooseOrder(order) {
    this.say("");
    this.choose({ order, shared: this.deck.header.is_shared });
  }

  chooseShow(show) {
    const isShared = show === "shared", { order, is_shared: wasShared } = this.deck.header;
    this.show = isShared ? "open" : show;
    if (isShared !== wasShared) this.choose({ order, shared: isShared });
    this.list();
  }

  chooseCluster(value) {
    this.cluster = value === "" ? null : Number(value);
    this.list();
  }

  openHelp() {
    openHelp(this.root, listHelp(this.deck));
  }

  hideDecided() {
    this.list(this.getItem());
  }

  showLateness(text) {
    this.parts.alert.hidden = !text;
    if (this.parts.alert.textContent !== text) this.parts.alert.textContent = text;
  }

  showActions() {
    if (!this.parts.actions.hidden) showActions(this.parts.actions, this, this.grid);
  }

  askForMore() {
    this.desk.hub.send("lifeline", { knock: `more-${Date.now()}`, more: this.deck.n });
  }
}
