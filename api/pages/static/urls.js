// URLs of images, one a line, handed in without leaving the page.
import { showLive } from "./live.js";
import { say, tell } from "./words.js";

const form = document.querySelector("#urls");
const trouble = document.querySelector("#urls-trouble");
const PLACE = /^source\.urls\.(\d+)/;

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const urls = form.elements.urls.value.split("\n").map((line) => line.trim()).filter(Boolean);
  button.disabled = true;
  tell(trouble, urls.length ? "" : say("no_urls"));
  try {
    if (urls.length) await handIn(urls);
  } catch {
    tell(trouble, say("urls_stay"));
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
  if (response.status !== 202) return refuse(answer, urls);
  form.reset();
  await showLive(answer.id);
}

function refuse({ detail, errors = [] }, urls) {
  const said = errors.filter(({ field }) => PLACE.test(field)).map(({ field, message }) => {
    const place = Number(PLACE.exec(field)[1]);
    return say("refused_url", { place: place + 1, url: urls[place], reason: message });
  });
  if (said.length) tell(trouble, say("nothing_scanned", { reasons: said.join(" ") }));
  else tell(trouble, detail, { isEnglish: true });
}
