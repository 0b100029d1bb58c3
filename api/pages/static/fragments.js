// Fragments are parts of a page that htmx asks the server for and puts in, as their attributes say.
// This is what attributes cannot say without scripts in them, which the policy of the pages refuses.
import htmx from "./htmx/htmx.esm.min.js";
import "./htmx/hx-ptag.min.js";
import { showTimes } from "./times.js";

const PAUSE_MS = 3000; // before what did not come is asked for again
const LONGEST_PAUSE_MS = 30000;
const pauses = new WeakMap(); // of elements whose fragment did not come

htmx.on("htmx:config:request", (event) => {
  const { target, detail: { ctx } } = event;
  const { type } = ctx.sourceEvent;
  if (["every", "visibilitychange"].includes(type) && document.hidden) event.preventDefault();
  if (type === "every" && pauses.has(target)) event.preventDefault();
  ctx.fetch = ask;
});

// In place before they are compared with what the page shows.
htmx.on("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const { fragment } of tasks) showTimes(fragment);
});

htmx.on("htmx:finally:request", ({ target, detail: { ctx } }) => {
  const isAway = ctx.status.startsWith("error") || ctx.response?.status >= 400;
  if (target.dataset?.away) document.querySelector(target.dataset.away).hidden = !isAway;
  const earlier = pauses.get(target);
  clearTimeout(earlier?.timer);
  pauses.delete(target);
  if (!isAway || ctx.request.method !== "GET") return;
  const pauseMs = Math.min(2 * (earlier?.pauseMs ?? PAUSE_MS / 2), LONGEST_PAUSE_MS);
  const timer = setTimeout(() => htmx.trigger(target, "again"), pauseMs);
  pauses.set(target, { pauseMs, timer });
});

// A server that is away is no mistake of the page, as which htmx would log it.
async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    return new Response(null, { status: 503 });
  }
}
