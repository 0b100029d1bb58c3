// Small images that did not come: a server that is busy, or has yet to fetch them, is asked again.
const RETRIES = 2;
const RETRY_MS = 1500;

export function retryThumbs(list) {
  list.addEventListener("error", tryAgain, { capture: true }); // it does not bubble
}

function tryAgain({ target: image }) {
  if (image.localName !== "img") return;
  const tries = Number(image.dataset.tries ?? 0);
  image.dataset.tries = tries + 1;
  if (tries < RETRIES) setTimeout(() => (image.src = image.src), RETRY_MS * (tries + 1));
  else image.closest(".thumb").classList.add("gone");
}
