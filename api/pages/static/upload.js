// The start page with JavaScript: drop images, a folder or an archive, and see the upload go.
import { readDropped } from "./dropped.js";

const form = document.querySelector("#upload");
const byId = (id) => document.getElementById(id);
const limits = { files: Number(form.dataset.maxFiles), bytes: Number(form.dataset.maxBytes) };
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz|tar\.bz2|tar\.xz)$/i;

let files = []; // of { file, name }
let archive = null;
let leftOut = 0;
let sending = null; // the XMLHttpRequest under way

document.documentElement.classList.add("js");
for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    choose([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    input.value = "";
  });
}
form.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.classList.add("over");
});
form.addEventListener("dragleave", () => form.classList.remove("over"));
form.addEventListener("drop", async (event) => {
  event.preventDefault();
  form.classList.remove("over");
  choose(await readDropped(event.dataTransfer));
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
byId("clear").addEventListener("click", () => {
  if (sending) sending.abort();
  else clear();
});
show();

function choose(found) {
  if (sending) return;
  say("");
  const archives = found.filter(({ name }) => ARCHIVE.test(name));
  if (archives.length === 1 && found.length === 1) {
    clear();
    archive = archives[0];
  } else {
    const images = found.filter(isImage);
    leftOut += found.length - images.length;
    archive = null;
    files = files.concat(images);
    if (archives.length) say("An archive is scanned by itself: choose one archive, and nothing else.");
  }
  show();
}

function isImage({ file, name }) {
  const hidden = name.split("/").some((part) => part.startsWith("."));
  return !hidden && !ARCHIVE.test(name) && (file.type === "" || file.type.startsWith("image/"));
}

function clear() {
  files = [];
  archive = null;
  leftOut = 0;
  show();
}

function bytesChosen() {
  return archive ? archive.file.size : files.reduce((sum, { file }) => sum + file.size, 0);
}

function show() {
  const chosen = archive || files.length > 0;
  const images = files.length === 1 ? "1 image" : `${files.length.toLocaleString()} images`;
  byId("scan").disabled = !chosen || sending !== null;
  byId("scan").textContent = files.length ? `Scan ${images}` : archive ? "Scan archive" : "Scan";
  byId("clear").hidden = !chosen;
  byId("clear").textContent = sending ? "Stop" : "Clear";
  byId("sending").hidden = sending === null;
  const what = archive ? archive.name : files.length ? images : "";
  const rest = leftOut === 1 ? "1 file that is no image was left out" : `${leftOut.toLocaleString()} files that are no images were left out`;
  const said = [what && `${what}, ${size(bytesChosen())}`, leftOut && rest].filter(Boolean);
  byId("chosen").textContent = said.join("; ");
}

function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const step = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), 3);
  return `${(bytes / 1024 ** step).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${units[step]}`;
}

function say(sentence) {
  byId("trouble").textContent = sentence;
  byId("trouble").hidden = !sentence;
}

function send() {
  if (files.length > limits.files) {
    return say(`These are ${files.length.toLocaleString()} files, and at most ${limits.files.toLocaleString()} go at a time. Send an archive, or fewer at once.`);
  }
  if (bytesChosen() > limits.bytes) {
    return say(`These are ${size(bytesChosen())}, and at most ${size(limits.bytes)} go at a time. Send fewer at once.`);
  }
  say("");
  sending = new XMLHttpRequest();
  sending.open("POST", "/v1/jobs");
  sending.setRequestHeader("Accept", "application/json");
  sending.upload.addEventListener("progress", showSent);
  sending.addEventListener("load", ended);
  sending.addEventListener("error", () => stopped("The upload broke off. Check that the server runs, and try again."));
  sending.addEventListener("abort", () => stopped("The upload was stopped; nothing was scanned."));
  sending.send(body());
  byId("sent").value = 0;
  byId("sent-text").textContent = "";
  show();
}

function body() {
  const data = new FormData();
  if (archive) data.append("archive", archive.file, archive.name);
  for (const { file, name } of files) data.append("files", file, name);
  return data;
}

function showSent({ loaded, total }) {
  byId("sent").value = total ? (100 * loaded) / total : 0;
  byId("sent-text").textContent =
    loaded < total ? `${size(loaded)} of ${size(total)}` : "All sent; the server puts it away.";
}

function ended() {
  let answer = {};
  try {
    answer = JSON.parse(sending.responseText);
  } catch {
    // Something between here and the server answered; the sentence below says so.
  }
  if (sending.status === 202) {
    location.assign(`/jobs/${answer.id}`);
  } else {
    stopped(answer.detail || `The server answered ${sending.status}; try again.`);
  }
}

function stopped(sentence) {
  sending = null;
  show();
  say(sentence);
}
