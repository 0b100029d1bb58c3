// The list of jobs: those that are open are kept up to date until the last of them has ended.
import "./times.js";
import { FINAL, showProgress } from "./progress.js";
import { readJson } from "./reading.js";

const PAUSE_MS = 3000;
const LONGEST_PAUSE_MS = 30000;
const list = document.querySelector("#jobs");
const away = document.querySelector("#away");
let pauseMs = PAUSE_MS;

if (list) whenVisible();
addEventListener("pageshow", () => {
  // Back from a refusal, the form holds what was written, and is seen.
  const form = document.querySelector(".new-job");
  const written = form.querySelectorAll("input:not([type=hidden], [type=checkbox])");
  form.open ||= [...written].some(({ value }) => value);
});

function open() {
  return [...list.children].filter(({ dataset }) => !FINAL.includes(dataset.state));
}

async function refresh() {
  try {
    const { jobs } = await readJson(list.dataset.url);
    const found = new Map(jobs.map((job) => [job.id, job]));
    for (const line of open()) {
      // One that the search does not find any more is read by itself.
      const job = found.get(line.dataset.job) ?? (await readJson(`/v1/jobs/${line.dataset.job}`));
      showProgress(line, job);
      line.dataset.state = job.state;
    }
    away.hidden = true;
    pauseMs = PAUSE_MS;
  } catch (error) {
    if (error.status === 404) return location.reload(); // somebody has deleted one
    away.hidden = false;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
  setTimeout(whenVisible, pauseMs);
}

function whenVisible() {
  if (open().length === 0) return;
  if (document.visibilityState === "visible") refresh();
  else document.addEventListener("visibilitychange", whenVisible, { once: true });
}
