// The page of the system, kept up to date, with the rate drawn since it was opened.
import { showLocalTimes } from "./local_times.js";
import { locale, say } from "./words.js";

const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 30000;
const MOST_POINTS = 720; // an hour
const HEIGHT_PX = 180;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (time) => new Date(1000 * time).toLocaleTimeString(locale);
const times = [];
const rates = [];
const card = document.querySelector("#pace");
let chart = null;
let pauseMs = PAUSE_MS;

showLocalTimes(document);
note();
setTimeout(whenVisible, pauseMs);

async function follow() {
  const offline = document.querySelector("#offline");
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload(); // to the sign-in form
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    offline.hidden = true;
    pauseMs = PAUSE_MS;
  } catch {
    offline.hidden = false;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
  setTimeout(whenVisible, pauseMs);
}

function whenVisible() {
  if (document.visibilityState === "visible") follow();
  else document.addEventListener("visibilitychange", whenVisible, { once: true });
}

function show(fetched) {
  const figures = document.querySelector("#figures");
  const fresh = fetched.querySelector("#figures");
  const scrolled = [...figures.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  const focused = [...figures.querySelectorAll(".scroll")].indexOf(document.activeElement);
  showLocalTimes(fresh);
  figures.replaceWith(fresh);
  const regions = [...fresh.querySelectorAll(".scroll")];
  regions.forEach((region, at) => (region.scrollLeft = scrolled[at] ?? 0));
  regions[focused]?.focus();
  note();
}

function note() {
  times.push(Date.now() / 1000);
  rates.push(Number(document.querySelector("#figures").dataset.rate));
  if (times.length > MOST_POINTS) [times, rates].forEach((values) => values.shift());
  if (times.length < 2) return;
  chart ??= draw();
  chart.setData([times, rates]);
}

function draw() {
  card.hidden = false;
  const plot = card.querySelector(".plot");
  const axis = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { stroke: () => colour("--line"), width: 1 } };
  const made = new uPlot({
    width: plot.clientWidth,
    height: HEIGHT_PX,
    scales: { y: { range: (_, low, high) => [0, Math.max(1, 1.1 * high)] } },
    axes: [{ ...axis, space: 90, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 56 }],
    cursor: { drag: { x: false, y: false } },
    series: [{ label: say("time"), value: (_, time) => (time === null ? "–" : clock(time)) }, { label: say("images_a_second"), stroke: () => colour("--accent"), width: 2, value: (_, rate) => rate?.toFixed(1) ?? "–" }],
  }, [times, rates], plot);
  new ResizeObserver(() => made.setSize({ width: plot.clientWidth, height: HEIGHT_PX })).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => made.redraw());
  return made;
}
