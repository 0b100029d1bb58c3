// The page of a verdict with JavaScript: waits for the heatmap, and fades it in and out.
import "./times.js";
import { say, tell } from "./words.js";

const PAUSE_MS = 1000;
const byId = (id) => document.getElementById(id);
const heat = byId("heat");
const strength = byId("strength");

document.documentElement.classList.add("js");
if (heat && strength) {
  strength.addEventListener("input", () => heat.setAttribute("opacity", strength.value / 100));
  if (!heat.hasAttribute("href")) wait();
}

async function wait() {
  let answer = null;
  try {
    answer = await fetch(heat.dataset.href, { headers: { Accept: "application/json" } });
  } catch {
    // The server is away; it is asked again below.
  }
  if (answer?.status === 200) show(answer.headers.get("Heatmap-Box"));
  else if (answer === null || answer.status === 202 || answer.status >= 500) setTimeout(wait, PAUSE_MS);
  else await refuse(answer);
}

function show(box) {
  const [x0, y0, x1, y1] = box.split(",").map(Number);
  const place = { x: x0, y: y0, width: x1 - x0, height: y1 - y0, href: heat.dataset.href };
  for (const [name, value] of Object.entries(place)) heat.setAttribute(name, value);
  byId("heat-waits").hidden = true;
  byId("heat-strength").hidden = false;
}

async function refuse(answer) {
  byId("heat-waits").hidden = true;
  let detail = null;
  try {
    detail = (await answer.json()).detail;
  } catch {
    // Something between here and the server answered.
  }
  tell(byId("heat-trouble"), detail ?? say("load_again", { status: answer.status }), { isEnglish: detail !== null });
}
