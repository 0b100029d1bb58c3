// The page of a job, kept up to date until the job has ended: what is counted by score is a fragment
// of the page, which is asked for when verdicts have landed.
import "./times.js";
import { follow } from "./follow.js";
import { ended, FINAL, showProgress } from "./progress.js";

const { showVerdicts } = await import(document.querySelector("#grid") ? "./grid.js" : "./verdicts.js");

const page = document.querySelector("#job");
const away = page.querySelector("[data-part=away]");
let shown = null; // how many items had ended when the verdicts were last fetched

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
  await showVerdicts(isFinal, job);
  page.dispatchEvent(new Event(isFinal ? "ended" : "landed"));
  shown = ended(job.counters);
}
