// The page of a job, kept up to date until the job has ended.
import "./times.js";
import { showVerdicts } from "./verdicts.js";

const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15000;
const FINAL = ["completed", "failed", "cancelled", "expired"];
const CANCELLABLE = ["queued", "planning", "running"];
const KINDS = ["fake", "uncertain", "real", "not_applicable", "failed"];

const page = document.querySelector("#job");
const stateWords = JSON.parse(page.dataset.stateWords);
const byId = (id) => document.getElementById(id);
let shown = null; // how many items had ended when the verdicts were last fetched
let pauseMs = PAUSE_MS;

if (!FINAL.includes(page.dataset.state)) follow();

async function follow() {
  try {
    const job = await read(page.dataset.url);
    showJob(job);
    const final = FINAL.includes(job.state);
    if (ended(job.counters) !== shown || final) {
      await showVerdicts(read, final);
      shown = ended(job.counters);
    }
    byId("offline").hidden = true;
    if (final) return;
    pauseMs = PAUSE_MS;
  } catch {
    byId("offline").hidden = false;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
  setTimeout(whenVisible, pauseMs);
}

function whenVisible() {
  if (document.visibilityState === "visible") follow();
  else document.addEventListener("visibilitychange", whenVisible, { once: true });
}

async function read(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (response.status === 401) location.reload(); // the server leads to the sign-in form
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

function ended({ scored, not_applicable, failed }) {
  return scored + not_applicable + failed;
}

function showJob(job) {
  const { counters } = job;
  const done = ended(counters);
  const pill = page.querySelector("[data-state]");
  if (pill.textContent !== stateWords[job.state]) pill.textContent = stateWords[job.state];
  pill.className = `pill state-${job.state}`;
  byId("ended").textContent = done.toLocaleString();
  byId("total").textContent = counters.total.toLocaleString();
  byId("tally").hidden = counters.total === 0;
  byId("listing").hidden = job.listed_at !== null || FINAL.includes(job.state);
  byId("pace").textContent = pace(job);
  byId("error").textContent = job.error ?? "";
  byId("error").hidden = !job.error;
  if (byId("cancel")) byId("cancel").hidden = !CANCELLABLE.includes(job.state);
  showBar(counters);
  for (const count of page.querySelectorAll("[data-count]")) {
    const kind = count.dataset.count;
    count.textContent = (kind === "ended" ? done : counters[kind]).toLocaleString();
  }
}

function showBar(counters) {
  let x = 0;
  for (const kind of KINDS) {
    const width = (1000 * counters[kind]) / Math.max(counters.total, 1);
    const part = page.querySelector(`#progress rect[data-kind=${kind}]`);
    part.setAttribute("x", x.toFixed(2));
    part.setAttribute("width", width.toFixed(2));
    x += width;
  }
  byId("progress").setAttribute("aria-valuenow", Math.floor(x / 10));
}

function pace({ rate, eta_s: etaS }) {
  if (!rate) return "";
  const digits = rate < 10 ? 1 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const said = `${rate.toLocaleString(undefined, options)} images a second`;
  return etaS === null ? said : `${said}, ${left(etaS)}`;
}

function left(etaS) {
  if (etaS < 60) return "less than a minute left";
  const minutes = Math.round(etaS / 60);
  return minutes < 90 ? `about ${minutes} min left` : `about ${(etaS / 3600).toFixed(1)} h left`;
}
