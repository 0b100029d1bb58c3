// The scan page with JavaScript: drop or paste images, a folder or an archive, and see them go.
import { readDropped } from "./dropped.js";
import { showLive } from "./live.js";

const form = document.querySelector("#upload");
const byId = (id) => document.getElementById(id);
const limits = { files: Number(form.dataset.maxFiles), bytes: Number(form.dataset.maxBytes) };
const WAIT_S = 5; // for the verdict of a single image; a later one is waited for on the page
const MOST_NAMED = 20;
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz|tar\.bz2|tar\.xz)$/i;

let files = []; // of { file, name }
let archive = null;
let leftOut = []; // the names of files that are no images
let pasted = 0;
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
document.addEventListener("paste", async (event) => {
  const { clipboardData: data, target } = event;
  if (data.files.length) {
    event.preventDefault();
    choose((await readDropped(data)).map(({ file, name }) => ({ file, name: nameOfPasted(file, name) })));
  } else if (!target.closest("input, textarea")) {
    const field = byId("url-list");
    const text = data.getData("text/plain").trim();
    if (!field || !/^https?:/i.test(text)) return;
    event.preventDefault();
    field.value = [field.value.trim(), text].filter(Boolean).join("\n");
    field.focus();
  }
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
  if (sending) return say("Images are being sent; choose more once they are there.");
  say("");
  const archives = found.filter(({ name }) => ARCHIVE.test(name));
  if (archives.length === 1 && found.length === 1) {
    clear();
    archive = archives[0];
  } else {
    const images = found.filter(isImage);
    leftOut = leftOut.concat(found.filter((one) => !isImage(one)).map(({ name }) => name));
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

// A browser calls every image of the clipboard the same.
function nameOfPasted(file, name) {
  if (!/^image\.\w+$/.test(name)) return name;
  pasted += 1;
  return `pasted-${pasted}.${name.split(".").pop()}`;
}

function clear() {
  files = [];
  archive = null;
  leftOut = [];
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
  byId("clear").hidden = !chosen && leftOut.length === 0;
  byId("clear").textContent = sending ? "Stop" : "Clear";
  byId("sending").hidden = sending === null;
  const what = archive ? archive.name : files.length ? images : "";
  byId("chosen").textContent = what && `${what}, ${size(bytesChosen())}`;
  showLeftOut();
}

function showLeftOut() {
  const said = byId("left-out");
  const count = leftOut.length;
  said.hidden = count === 0;
  said.querySelector("summary").textContent =
    count === 1 ? "1 file that is no image was left out" : `${count.toLocaleString()} files that are no images were left out`;
  const names = leftOut.slice(0, MOST_NAMED);
  if (count > MOST_NAMED) names.push(`and ${(count - MOST_NAMED).toLocaleString()} more`);
  said.querySelector("ul").replaceChildren(...names.map((name) => {
    const line = document.createElement("li");
    line.textContent = name;
    return line;
  }));
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
  sending.open("POST", isSingle() ? "/v1/scans" : "/v1/jobs");
  if (isSingle()) sending.setRequestHeader("Prefer", `wait=${WAIT_S}`);
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

function isSingle() {
  return !archive && files.length === 1;
}

function body() {
  const data = new FormData();
  if (isSingle()) data.append("image", files[0].file, files[0].name);
  if (isSingle()) return data;
  if (archive) data.append("archive", archive.file, archive.name);
  for (const { file, name } of files) data.append("files", file, name);
  return data;
}

function showSent({ loaded, total }) {
  byId("sent").value = total ? (100 * loaded) / total : 0;
  byId("sent-text").textContent =
    loaded < total ? `${size(loaded)} of ${size(total)}` : isSingle() ? "Sent; it is being scanned." : "All sent; the server puts it away.";
}

function ended() {
  let answer = {};
  try {
    answer = JSON.parse(sending.responseText);
  } catch {
    // Something between here and the server answered; the sentence below says so.
  }
  if (sending.status === 401) return location.reload();
  if (sending.status === 200 || sending.status === 202) {
    sending = null;
    clear();
    showLive(answer.job?.id ?? answer.id);
  } else {
    stopped(answer.detail || `The server answered ${sending.status}; try again.`);
  }
}

function stopped(sentence) {
  sending = null;
  show();
  say(sentence);
}
