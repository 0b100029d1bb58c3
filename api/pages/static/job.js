// The page of a job, kept up to date until the job has ended.
import "./times.js";
import { follow } from "./follow.js";
import { ended, FINAL, showProgress } from "./progress.js";
import { readPart } from "./reading.js";

const { showVerdicts } = await import(document.querySelector("#grid") ? "./grid.js" : "./verdicts.js");
const SUMMARY_MS = 5000; // between two looks at the counts while the job runs

const page = document.querySelector("#job");
const away = page.querySelector("[data-part=away]");
let counted = 0; // when the counts by score were last asked for
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
  await showSummary(isFinal);
  shown = ended(job.counters);
}

async function showSummary(isFinal) {
  if (!isFinal && Date.now() - counted < SUMMARY_MS) return;
  const part = document.querySelector("#summary");
  if (part.contains(document.activeElement) && !isFinal) return; // somebody reads it
  part.replaceWith(document.adoptNode(await readPart(part.dataset.url)));
  counted = Date.now();
}
