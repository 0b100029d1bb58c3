// The jobs that were handed in on this page, with a card for each verdict as it lands.
import { follow } from "./follow.js";
import { ended, FINAL, showProgress } from "./progress.js";
import { readPart } from "./reading.js";
import { watchThumbs } from "./thumbs.js";
import { say } from "./words.js";

const MOST_CARDS = 200;
const MOST_JOBS = 8; // that the page's address names

const list = document.querySelector("#live");
watchThumbs(list);
for (const section of list.querySelectorAll("[data-job]")) begin(section);

export async function showLive(jobId) {
  const here = new URL(location.href);
  const others = here.searchParams.getAll("job").filter((id) => id !== jobId);
  here.searchParams.delete("job");
  for (const id of [jobId, ...others].slice(0, MOST_JOBS)) here.searchParams.append("job", id);
  history.replaceState(null, "", here); // loaded again, the page shows the same jobs
  let section = null;
  try {
    section = document.adoptNode(await readPart(`/jobs/${jobId}/live`));
  } catch {
    return location.assign(`/jobs/${jobId}`);
  }
  list.prepend(section);
  begin(section);
  section.querySelector("h2").focus();
}

function begin(section) {
  const away = section.querySelector("[data-part=away]");
  let shown = null;
  if (FINAL.includes(section.dataset.state)) return addCards(section).catch(() => (away.hidden = false));
  follow(section.dataset, {
    async show(job, isFinal) {
      showProgress(section, job);
      if (ended(job.counters) === shown && !isFinal) return;
      await addCards(section);
      shown = ended(job.counters);
    },
    away: (isAway) => (away.hidden = !isAway),
    gone() {
      away.textContent = say("job_deleted");
      away.hidden = false;
    },
  });
}

async function addCards(section) {
  const cards = section.querySelector(".cards");
  let isMore = true;
  while (isMore && cards.childElementCount < MOST_CARDS) {
    const part = await readPart(`${section.dataset.cards}?landing=${cards.dataset.landing}`);
    for (const card of [...part.children]) place(cards, document.adoptNode(card));
    cards.dataset.landing = part.dataset.landing;
    isMore = "more" in part.dataset;
  }
  section.querySelector("[data-rest]").hidden = cards.childElementCount < MOST_CARDS;
}

function place(cards, card) {
  // An item that was tried again has its card already.
  const earlier = cards.querySelector(`:scope > [data-position="${card.dataset.position}"]`);
  if (earlier) earlier.replaceWith(card);
  else cards.append(card);
}
