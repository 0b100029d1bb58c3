// The scan page with JavaScript: drop or paste images, a folder or an archive, and see them go.
import { readDropped } from "./dropped.js";
import { showLive } from "./live.js";
import { locale, say, sayCount, tell } from "./words.js";

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
  const take = () => {
    choose([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    input.value = "";
  };
  input.addEventListener("change", take);
  if (input.files.length) take(); // chosen before this script was there
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
  if (sending) return warn(say("being_sent"));
  warn("");
  const archives = found.filter(({ name }) => ARCHIVE.test(name));
  if (archives.length === 1 && found.length === 1) {
    clear();
    archive = archives[0];
  } else {
    const images = found.filter(isImage);
    leftOut = leftOut.concat(found.filter((one) => !isImage(one)).map(({ name }) => name));
    archive = null;
    files = files.concat(images);
    if (archives.length) warn(say("one_archive"));
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
  byId("scan").disabled = !chosen || sending !== null;
  byId("scan").textContent = files.length ? sayCount("scan_images", files.length) : say(archive ? "scan_archive" : "scan");
  byId("clear").hidden = !chosen && leftOut.length === 0;
  byId("clear").textContent = say(sending ? "stop" : "clear");
  byId("sending").hidden = sending === null;
  const what = archive ? archive.name : files.length ? sayCount("images", files.length) : "";
  byId("chosen").textContent = what && say("chosen", { what, size: size(bytesChosen()) });
  showLeftOut();
}

function showLeftOut() {
  const said = byId("left-out");
  const count = leftOut.length;
  said.hidden = count === 0;
  said.querySelector("summary").textContent = sayCount("left_out", count);
  const names = leftOut.slice(0, MOST_NAMED);
  if (count > MOST_NAMED) names.push(say("more", { count: inFull(count - MOST_NAMED) }));
  said.querySelector("ul").replaceChildren(...names.map((name) => {
    const line = document.createElement("li");
    line.textContent = name;
    return line;
  }));
}

function size(bytes) {
  const units = ["KiB", "MiB", "GiB"];
  if (bytes < 1024) return say("bytes", { count: inFull(bytes) });
  const step = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** step).toLocaleString(locale, { maximumFractionDigits: 1 })} ${units[step - 1]}`;
}

function inFull(count) {
  return count.toLocaleString(locale);
}

function warn(sentence, options) {
  tell(byId("trouble"), sentence, options);
}

function send() {
  if (files.length > limits.files) {
    return warn(say("too_many_files", { count: inFull(files.length), most: inFull(limits.files) }));
  }
  if (bytesChosen() > limits.bytes) {
    return warn(say("too_many_bytes", { size: size(bytesChosen()), most: size(limits.bytes) }));
  }
  warn("");
  sending = new XMLHttpRequest();
  sending.open("POST", isSingle() ? "/v1/scans" : "/v1/jobs");
  if (isSingle()) sending.setRequestHeader("Prefer", `wait=${WAIT_S}`);
  sending.setRequestHeader("Accept", "application/json");
  sending.upload.addEventListener("progress", showSent);
  sending.addEventListener("load", ended);
  sending.addEventListener("error", () => stopped(say("broke_off")));
  sending.addEventListener("abort", () => stopped(say("stopped")));
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
    loaded < total ? say("sent", { sent: size(loaded), total: size(total) }) : say(isSingle() ? "being_scanned" : "put_away");
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
  } else if (answer.detail) {
    stopped(answer.detail, { isEnglish: true });
  } else {
    stopped(say("answered", { status: sending.status }));
  }
}

function stopped(sentence, options) {
  sending = null;
  show();
  warn(sentence, options);
}
