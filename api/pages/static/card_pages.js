// The cards of a job's verdicts, read a page at a time by cursor. Pages that nobody sees are let
// go, and are read again when somebody does.
import { readPart } from "./reading.js";

const AGAIN_MS = 5000;

export class CardPages {
  // `first` is the list of cards in the page; `changed` is called when there is something to show.
  constructor(first, { url, changed }) {
    this.size = Number(first.dataset.size);
    this.url = url;
    this.changed = changed;
    this.cursorOfNext = first.dataset.cursor;
    this.pages = [{ cursor: first.dataset.first, cards: [...first.children], count: first.childElementCount }];
    this.isAway = false; // the server does not answer
    this.isOutdated = false; // verdicts were given up since, to be scanned again
    this.isReading = false;
  }

  get length() {
    return (this.pages.length - 1) * this.size + this.pages.at(-1).count;
  }

  get isWhole() {
    return !this.cursorOfNext;
  }

  // The card at the place, or nothing while it is being read.
  card(index) {
    const page = this.pages[this.pageOf(index)];
    if (!page.cards) this.read(page);
    return page.cards?.[index % this.size];
  }

  pageOf(index) {
    return Math.floor(index / this.size);
  }

  async more() {
    if (this.isWhole || this.isReading) return;
    const page = { cursor: this.cursorOfNext, cards: null, count: 0 };
    await this.read(page);
  }

  // Read the last page once more: while the job runs, it grows. Whoever asks hears of a failure.
  async refresh() {
    await this.pages.at(-1).reading; // what was asked for before may lack the newest verdicts
    await this.read(this.pages.at(-1));
    if (this.isAway) throw new Error("The last verdicts could not be read.");
  }

  // Let go of all pages but these and their neighbours.
  keep(numbers) {
    this.pages.forEach((page, number) => {
      if (![-1, 0, 1].some((step) => numbers.has(number + step))) page.cards = null;
    });
  }

  // What it takes to be here again after leaving the page.
  place() {
    return {
      cursors: this.pages.map(({ cursor }) => cursor),
      count: this.pages.at(-1).count,
      cursorOfNext: this.cursorOfNext,
    };
  }

  // Verdicts may have landed since: what the server says of the last page is newer than the place.
  goTo({ cursors, count, cursorOfNext }) {
    if (cursors.length === 1) return;
    const [first] = this.pages;
    this.pages = cursors.map((cursor) => ({ cursor, cards: null, count: this.size }));
    this.pages[0].cards = first.cards;
    this.pages.at(-1).count = count;
    this.cursorOfNext = cursorOfNext;
    this.read(this.pages.at(-1));
  }

  read(page) {
    if (this.isAway) return null;
    page.reading ??= this.ask(page);
    return page.reading;
  }

  async ask(page) {
    this.isReading = true;
    try {
      this.put(page, await readPart(page.cursor ? `${this.url}&cursor=${page.cursor}` : this.url));
    } catch {
      this.isAway = true;
      setTimeout(() => this.tryAgain(), AGAIN_MS);
    } finally {
      page.reading = null;
      this.isReading = false;
    }
    this.changed();
  }

  tryAgain() {
    if (!this.isAway) return;
    this.isAway = false;
    this.read(this.pages.at(-1)); // it may be what could not be read, and nobody else asks for it
    this.changed();
  }

  put(page, part) {
    const earlier = new Map((page.cards ?? []).map((card) => [nameOf(card), card]));
    page.cards = [...part.children].map((card) => earlier.get(nameOf(card)) ?? document.adoptNode(card));
    if (!this.pages.includes(page)) this.pages.push(page);
    if (page === this.pages.at(-1)) {
      this.cursorOfNext = part.dataset.cursor;
      page.count = page.cards.length;
    } else if (page.cards.length < page.count) {
      this.isOutdated = true;
    }
  }
}

function nameOf({ dataset }) {
  return `${dataset.position} ${dataset.landed}`;
}
