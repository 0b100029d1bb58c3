// URLs of images, one a line, handed in without leaving the page.
import { showLive } from "./live.js";

const form = document.querySelector("#urls");
const PLACE = /^source\.urls\.(\d+)/;

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const urls = form.elements.urls.value.split("\n").map((line) => line.trim()).filter(Boolean);
  button.disabled = true;
  say(urls.length ? "" : "Paste at least one URL.");
  try {
    if (urls.length) await handIn(urls);
  } catch {
    say("The server does not answer. The URLs are still here; try again in a while.");
  }
  button.disabled = false;
});

async function handIn(urls) {
  const response = await fetch("/v1/jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ source: { type: "urls", urls } }),
  });
  if (response.status === 401) return location.reload();
  const answer = await response.json();
  if (response.status !== 202) return say(refusal(answer, urls));
  form.reset();
  await showLive(answer.id);
}

function refusal({ detail, errors = [] }, urls) {
  const said = errors.filter(({ field }) => PLACE.test(field)).map(({ field, message }) => {
    const place = Number(PLACE.exec(field)[1]);
    return `Number ${place + 1}, ${urls[place]}: ${message}`;
  });
  return said.length ? `Nothing was scanned. ${said.join(" ")}` : detail;
}

function say(sentence) {
  const trouble = form.querySelector("#urls-trouble");
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}
