// The table of verdicts: the page's stretch of them, fetched anew as verdicts land in any order.
import { readJson } from "./reading.js";
import { say, sayCount } from "./words.js";

const page = document.querySelector("#job");
const table = document.querySelector("#verdicts");
const template = document.querySelector("#verdict-row");
const kindWords = JSON.parse(page.dataset.kindWords);
const codeWords = JSON.parse(page.dataset.codeWords);

export async function showVerdicts(final) {
  const found = await readJson(`${page.dataset.verdictsUrl}?${table.dataset.query}`);
  table.tBodies[0].replaceChildren(...found.verdicts.map(row));
  const empty = document.querySelector("#empty");
  empty.hidden = found.verdicts.length > 0;
  if (final) empty.textContent = say("no_verdicts");
  showNext(found.next_cursor);
}

function row(verdict) {
  const filled = template.content.cloneNode(true);
  const field = (name) => filled.querySelector(`[data-field="${name}"]`);
  const kind = verdict.label ?? verdict.outcome;
  field("name").textContent = verdict.name;
  field("name").href = `/verdicts/${verdict.id}`;
  field("kind").textContent = kindWords[kind];
  field("kind").className = `badge kind-${kind}`;
  field("code").textContent = codeWords[verdict.code] ?? "";
  field("message").textContent = verdict.message ?? "";
  field("faces").textContent = verdict.faces?.length ? sayCount("faces", verdict.faces.length) : "";
  field("reused").hidden = !verdict.reused;
  filled.querySelector(".score").classList.toggle("blank", verdict.score === null);
  filled.querySelector(".detail").classList.toggle("blank", !verdict.code && !verdict.reused && !verdict.faces?.length);
  if (verdict.score !== null) {
    field("score-line").hidden = false;
    field("score").textContent = verdict.score.toFixed(3);
    field("score-bar").setAttribute("class", `fill-${kind}`);
    field("score-bar").setAttribute("width", (100 * verdict.score).toFixed(1));
  }
  return filled;
}

function showNext(cursor) {
  const next = document.querySelector("#next");
  next.hidden = !cursor;
  if (!cursor) return;
  const url = new URL(location.href);
  url.searchParams.set("cursor", cursor);
  next.href = url.href;
}
