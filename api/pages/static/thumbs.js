// The small images of cards: those on other servers are fetched when somebody asks for one, and
// those that did not come, because the server was busy, are asked for again.
const TRIES = 4;
const PAUSE_S = 1.5; // where the server does not say how long
const BUSY = [429, 503];

export function watchThumbs(list) {
  list.addEventListener("error", ({ target }) => tryAgain(target), { capture: true }); // it does not bubble
  list.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-fetch]");
    if (!asked || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(asked.closest(".thumb"));
  });
}

function show(thumb) {
  const picture = thumb.querySelector("template").content.cloneNode(true);
  thumb.parentElement.querySelector(".card-name a").focus({ preventScroll: true });
  thumb.replaceChildren(picture);
}

async function tryAgain(image) {
  if (image.localName !== "img") return;
  const found = "tried" in image.dataset ? null : await ask(image);
  if (!found) return image.closest(".thumb").classList.add("gone");
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.src = URL.createObjectURL(found);
}

// The image's bytes, or nothing when the server has none or stays busy.
async function ask(image) {
  image.dataset.tried = "";
  let pauseS = PAUSE_S;
  for (let tries = 0; tries < TRIES; tries += 1) {
    // Images that were refused together come back one after the other.
    await new Promise((resolve) => setTimeout(resolve, 1000 * pauseS * (1 + Math.random())));
    const answer = await fetch(image.src).catch(() => null);
    if (answer?.ok) return answer.blob();
    if (answer && !BUSY.includes(answer.status)) return null;
    pauseS = Number(answer?.headers.get("Retry-After")) || PAUSE_S;
  }
  return null;
}
