// The page of a job, kept up to date until the job has ended. Its table of verdicts, and what is
// counted by score, are fragments, which are asked for when verdicts have landed.
import "./times.js";
import { follow } from "./follow.js";
import { ended, FINAL, showProgress } from "./progress.js";

const grid = document.querySelector("#grid") && (await import("./grid.js"));
const page = document.querySelector("#job");
const away = page.querySelector("[data-part=away]");
let shown = null; // how many items had ended when they were last asked for

if (!FINAL.includes(page.dataset.state)) {
  follow(page.dataset, {
    show,
    away: (isAway) => (away.hidden = !isAway),
    gone: () => location.reload(),
  });
}

async function show(job, isFinal) {
  showProgress(page, job);
  if (ended(job.counters) === shown && !isFinal) return;
  await grid?.showVerdicts(isFinal, job);
  page.dispatchEvent(new Event(isFinal ? "ended" : "landed"));
  shown = ended(job.counters);
}
