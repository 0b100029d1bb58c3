// How far a job is, as parts.html renders it: its state, counts, bar and pace, and what can be done.
import { locale, say } from "./words.js";

export const FINAL = ["completed", "failed", "cancelled", "expired"];
const KINDS = ["fake", "uncertain", "real", "not_applicable", "failed"];

// A list without a job has no words for states either.
const words = JSON.parse(document.querySelector("[data-state-words]")?.dataset.stateWords ?? "{}");

export function ended({ scored, not_applicable, failed }) {
  return scored + not_applicable + failed;
}

export function showProgress(root, job) {
  const { counters } = job;
  const part = (name) => root.querySelector(`[data-part=${name}]`);
  const pill = root.querySelector(".pill");
  if (pill.textContent !== words[job.state]) pill.textContent = words[job.state];
  pill.className = `pill state-${job.state}`;
  part("tally").hidden = counters.total === 0;
  part("listing").hidden = job.listed_at !== null || FINAL.includes(job.state);
  part("pace").textContent = pace(job);
  part("error").textContent = job.error ?? "";
  part("error").hidden = !job.error;
  for (const count of root.querySelectorAll("[data-count]")) {
    const kind = count.dataset.count;
    count.textContent = (kind === "ended" ? ended(counters) : counters[kind]).toLocaleString(locale);
  }
  for (const action of root.querySelectorAll("[data-while]")) {
    action.hidden = !is(action.dataset.while, job);
  }
  showBar(part("progress"), counters);
}

function is(standing, { state, counters }) {
  switch (standing) {
    case "open": return ["queued", "planning", "running"].includes(state);
    case "ended": return FINAL.includes(state);
    case "retried": return state === "failed" || (state === "completed" && counters.failed > 0);
  }
}

function showBar(bar, counters) {
  let x = 0;
  for (const kind of KINDS) {
    const width = (1000 * counters[kind]) / Math.max(counters.total, 1);
    const rect = bar.querySelector(`rect[data-kind=${kind}]`);
    rect.setAttribute("x", x.toFixed(2));
    rect.setAttribute("width", width.toFixed(2));
    x += width;
  }
  bar.setAttribute("aria-valuenow", Math.floor(x / 10));
}

function pace({ rate, eta_s: etaS }) {
  if (!rate) return "";
  const digits = rate < 10 ? 1 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const said = say("pace", { rate: rate.toLocaleString(locale, options) });
  return etaS === null ? said : say("pace_and_left", { pace: said, left: left(etaS) });
}

function left(etaS) {
  if (etaS < 60) return say("seconds_left");
  const minutes = Math.round(etaS / 60);
  if (minutes < 90) return say("minutes_left", { count: minutes });
  return say("hours_left", { count: (etaS / 3600).toFixed(1) });
}
