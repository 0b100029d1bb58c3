// The page of the system: the rate, drawn since the page was opened.
import { locale, say } from "./words.js";

const MOST_POINTS = 720; // an hour
const HEIGHT_PX = 180;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (time) => new Date(1000 * time).toLocaleTimeString(locale);
const times = [];
const rates = [];
const card = document.querySelector("#pace");
let chart = null;

note();
document.addEventListener("htmx:after:swap", note);

function note() {
  times.push(Date.now() / 1000);
  rates.push(Number(document.querySelector("[data-rate]").dataset.rate));
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
