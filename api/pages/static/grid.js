// The grid of a job's verdicts: the rows near the window are in the page, the others are not.
import "./process.js";
import {
  defaultRangeExtractor,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from "./virtual-core/index.js";
import { CardPages } from "./card_pages.js";
import { rowsWithFocus } from "./grid_focus.js";
import { onTryAgain, tell } from "./grid_place.js";
import { ended } from "./progress.js";
import { watchThumbs } from "./thumbs.js";

const OVERSCAN = 3; // rows
const MOST_CARDS = 100_000; // browsers draw no page that is higher than some 30 million pixels

const section = document.querySelector("#grid");
const first = section.querySelector(".cards");
const waiting = section.querySelector(":scope > template").content.firstElementChild;
const { url, kind } = section.dataset;
const before = Number(section.dataset.before); // verdicts on the pages that led here
const rowHeight = first.firstElementChild?.offsetHeight ?? 240; // until a row is measured

const pages = new CardPages(first, { url, changed: show });
const rows = element("div", { class: "rows", role: "list", "aria-label": section.getAttribute("aria-label") });
const probe = element("ol", { class: "cards probe", role: "presentation" }); // tells the columns
const shown = new Map(); // the rows in the page, by number
let total = section.dataset.total ? Number(section.dataset.total) : null;
let wasOpen = !section.dataset.final;
let columns = 1;
let isShowing = false;
let isDue = false;

const active = first.contains(document.activeElement) ? document.activeElement : null;
rows.append(probe);
first.replaceWith(rows);
watchThumbs(rows);
const focusedRows = rowsWithFocus(rows);
onTryAgain(() => pages.tryAgain());

const virtualizer = new Virtualizer(options());
const earlier = history.state?.grid;
if (earlier) pages.goTo(earlier);
show();
active?.focus({ preventScroll: true });
if (earlier) scrollTo(0, earlier.top);
addEventListener("pagehide", () => history.replaceState({ grid: { ...pages.place(), top: scrollY } }, ""));
new ResizeObserver(showSoon).observe(rows);
new ResizeObserver(showSoon).observe(document.querySelector("#job"));

// While the job runs, verdicts land in any order: what has been passed by is not looked at again.
export async function showVerdicts(isFinal, job) {
  if (kind) total = kind === "ended" ? ended(job.counters) : job.counters[kind];
  if (pages.pages.length === 1 || pages.isWhole) await pages.refresh();
  if (isFinal && wasOpen) {
    wasOpen = false;
    pages.isOutdated ||= pages.pages.length > 1 && !(pages.isWhole && before + pages.length === total);
  }
  show();
}

function options() {
  return {
    count: Math.ceil(pages.length / columns),
    gap: Number.parseFloat(getComputedStyle(probe).rowGap) || 0,
    overscan: OVERSCAN,
    scrollMargin: rows.getBoundingClientRect().top + scrollY,
    initialOffset: () => scrollY,
    estimateSize: () => rowHeight,
    getScrollElement: () => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    rangeExtractor: withFocus,
    onChange: show,
  };
}

function withFocus(range) {
  const around = focusedRows(columns).filter((number) => number >= 0 && number < range.count);
  return [...new Set([...defaultRangeExtractor(range), ...around])].sort((one, other) => one - other);
}

function showSoon() {
  requestAnimationFrame(show);
}

function show() {
  isDue = isShowing;
  if (isShowing) return;
  isShowing = true;
  arrange();
  isDue = false; // what was arranged is about to be drawn
  draw();
  tellPlace();
  isShowing = false;
  if (isDue) showSoon(); // a row is not as high as it was thought to be
}

function arrange() {
  const had = columns;
  const top = virtualizer.range?.startIndex ?? 0;
  columns = getComputedStyle(probe).gridTemplateColumns.split(" ").length;
  virtualizer.setOptions(options());
  virtualizer._willUpdate();
  if (columns === had || !shown.size) return;
  virtualizer.measure();
  if (top) virtualizer.scrollToIndex(Math.floor((top * had) / columns), { align: "start" });
}

function draw() {
  const items = virtualizer.getVirtualItems();
  const numbers = new Set(items.map(({ index }) => index));
  for (const [number, row] of shown) if (!numbers.has(number)) drop(number, row);
  let behind = probe;
  for (const { index, start } of items) {
    const row = shown.get(index) ?? add(index, behind);
    fill(row, index * columns);
    row.style.transform = `translateY(${start - virtualizer.options.scrollMargin}px)`;
    virtualizer.measureElement(row);
    behind = row;
  }
  rows.style.height = `${virtualizer.getTotalSize()}px`;
  const places = items.flatMap(({ index }) => [index * columns, (index + 1) * columns - 1]);
  pages.keep(new Set(places.map((place) => pages.pageOf(place))));
  const end = virtualizer.range?.endIndex ?? 0;
  if (end + OVERSCAN >= virtualizer.options.count - 1 && pages.length < MOST_CARDS) pages.more();
}

function add(number, behind) {
  const row = element("ol", { class: "cards row-of-cards", role: "presentation", "data-index": number });
  behind.after(row);
  shown.set(number, row);
  return row;
}

function drop(number, row) {
  row.remove();
  shown.delete(number);
  virtualizer.measureElement(null);
}

function fill(row, start) {
  const stop = Math.min(start + columns, pages.length);
  const cards = [];
  for (let place = start; place < stop; place += 1) {
    cards.push(marked(pages.card(place) ?? waitingAt(row, place - start), place));
  }
  if (cards.length === row.childElementCount && cards.every((card, at) => card === row.children[at])) return;
  const active = row.contains(document.activeElement) ? document.activeElement : null;
  row.replaceChildren(...cards);
  if (active && active !== document.activeElement) (row.contains(active) ? active : row.querySelector("a"))?.focus({ preventScroll: true });
}

function waitingAt(row, at) {
  const card = row.children[at];
  return card?.classList.contains("waiting") ? card : waiting.cloneNode(true);
}

function marked(card, place) {
  card.dataset.index = place;
  card.setAttribute("role", "listitem");
  card.setAttribute("aria-posinset", before + place + 1);
  card.setAttribute("aria-setsize", all() ?? -1);
  return card;
}

function tellPlace() {
  const { startIndex, endIndex } = virtualizer.range ?? { startIndex: 0, endIndex: 0 };
  const isFull = pages.length >= MOST_CARDS && !pages.isWhole;
  tell({
    isEmpty: pages.length === 0,
    first: before + startIndex * columns + 1,
    last: before + Math.min((endIndex + 1) * columns, pages.length),
    total: all(),
    isLoading: pages.isReading && !pages.isAway && !wasOpen,
    isAway: pages.isAway,
    isOutdated: pages.isOutdated,
    next: isFull ? { cursor: pages.cursorOfNext, before: before + pages.length } : null,
  });
}

// How many verdicts there are, as far as it is known.
function all() {
  return pages.isWhole && !wasOpen ? before + pages.length : total;
}

function element(name, attributes) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
