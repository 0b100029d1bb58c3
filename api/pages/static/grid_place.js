// What the grid says: where one is in it, what is being loaded, and what it does not have.
import { locale } from "./words.js";

const section = document.querySelector("#grid");
const link = document.querySelector("#next");

export function onTryAgain(act) {
  part("unread").querySelector("button").addEventListener("click", act);
}

// `first` and `last` count from 1; `total` is null where nobody knows it, and `next` what the
// address of the next page says where this one ends.
export function tell({ isEmpty, first, last, total, isLoading, isAway, isOutdated, next }) {
  say("first", first);
  say("last", last);
  say("total", total ?? 0);
  section.querySelector(".place").hidden = isEmpty;
  part("of-total").hidden = total === null;
  part("of-more").hidden = total !== null;
  part("loading").hidden = !isLoading;
  part("unread").hidden = !isAway;
  part("outdated").hidden = !isOutdated;
  part("full").hidden = link.hidden = next === null;
  document.querySelector("#empty").hidden = !isEmpty;
  if (next) link.href = address(next);
}

function say(name, count) {
  for (const said of section.querySelectorAll(`[data-place=${name}]`)) said.textContent = count.toLocaleString(locale);
}

function part(name) {
  return section.querySelector(`[data-part=${name}]`);
}

function address(given) {
  const here = new URL(location.href);
  for (const [name, value] of Object.entries(given)) here.searchParams.set(name, value);
  return here.href;
}
