// Draws each chart of the page from the tables beneath it, which then fold away as its text.
import { say } from "./words.js";

const COLOURS = ["--accent", "--fake-fill", "--real-fill"];
const HEIGHT_PX = 300;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const share = (value) => (value === null || value === undefined ? "–" : say("share", { number: (100 * value).toFixed(1) }));

for (const figure of document.querySelectorAll("[data-chart=curves]")) draw(figure);

function draw(figure) {
  const curves = [...figure.querySelectorAll("table[data-name]")].map(read);
  const plot = figure.querySelector(".plot");
  plot.hidden = false;
  const data = uPlot.join([...curves.map(({ points }) => points), [[0, 1], [0, 1]]]);
  const chart = new uPlot(options(figure, curves, plot.clientWidth), data, plot);
  figure.querySelector("details").open = false;
  new ResizeObserver(() => chart.setSize({ width: plot.clientWidth, height: HEIGHT_PX })).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.redraw());
}

function read(table) {
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.querySelectorAll("[data-value]")].map((cell) => Number(cell.dataset.value)),
  );
  return { name: table.dataset.name, points: [rows.map(([x]) => x), rows.map(([, y]) => y)] };
}

function options(figure, curves, width) {
  const { x, y, diagonal } = figure.dataset;
  const axis = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { stroke: () => colour("--line"), width: 1 } };
  return {
    width,
    height: HEIGHT_PX,
    scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
    axes: [{ ...axis, label: x, labelSize: 22, size: 34 }, { ...axis, label: y, labelSize: 22, size: 44 }],
    cursor: { drag: { x: false, y: false } },
    series: [
      { label: x, value: (_, value) => share(value) },
      ...curves.map(({ name }, at) => ({
        label: name,
        stroke: () => colour(COLOURS[at % COLOURS.length]),
        width: 2,
        spanGaps: true,
        points: { show: "points" in figure.dataset || curves[at].points[0].length < 8, size: 6 },
        value: (_, value) => share(value),
      })),
      { label: diagonal, stroke: () => colour("--control"), dash: [4, 4], width: 1, spanGaps: true, points: { show: false }, value: () => "" },
    ],
  };
}
