// The scan page with JavaScript: drop or paste images, a folder or an archive, and see them go.
import { readDropped } from "./dropped.js";
import { showLive } from "./live.js";
import { sendChosen } from "./sending.js";
import { locale, say, sayCount, tell } from "./words.js";

const form = document.querySelector("#upload");
const byId = (id) => document.getElementById(id);
const limits = { files: Number(form.dataset.maxFiles), bytes: Number(form.dataset.maxBytes) };
const MOST_NAMED = 20;
const ARCHIVES = form.querySelector("[name=archive]").accept.split(",");

let files = []; // of { file, name }
let archive = null;
let leftOut = []; // the names of files that are no images
let pasted = 0;
let sending = null; // the upload under way

document.documentElement.classList.add("js");
for (const input of form.querySelectorAll("input[type=file]")) {
  const take = () => {
    choose([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    input.value = "";
  };
  input.addEventListener("change", take);
  if (input.files.length) take(); // chosen before this script was there
}
// Beside the form, too: the browser would open a file there, and leave the page for it.
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.add("over");
});
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) form.classList.remove("over");
});
document.addEventListener("drop", async (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.remove("over");
  const { found, unread } = await readDropped(event.dataTransfer);
  choose(found, unread);
});
document.addEventListener("paste", async (event) => {
  const { clipboardData: data, target } = event;
  if (data.files.length) {
    event.preventDefault();
    const { found, unread } = await readDropped(data);
    choose(found.map(({ file, name }) => ({ file, name: nameOfPasted(name) })), unread);
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

function choose(found, unread = []) {
  if (sending) return warn(say("being_sent"));
  warn(unread.length ? say("unread", { names: listed(unread).join(", ") }) : "");
  const archives = found.filter(({ name }) => isArchive(name));
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
  return !hidden && !isArchive(name) && (file.type === "" || file.type.startsWith("image/"));
}

function isArchive(name) {
  return ARCHIVES.some((ending) => name.toLowerCase().endsWith(ending));
}

// A browser calls every image of the clipboard the same.
function nameOfPasted(name) {
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
  said.querySelector("ul").replaceChildren(...listed(leftOut).map((name) => {
    const line = document.createElement("li");
    line.textContent = name;
    return line;
  }));
}

function listed(names) {
  const rest = names.length - MOST_NAMED;
  return rest > 0 ? [...names.slice(0, MOST_NAMED), say("more", { count: inFull(rest) })] : names;
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
  sending = sendChosen({ files, archive }, { progressed: showSent, done, failed });
  byId("sent").value = 0;
  byId("sent-text").textContent = "";
  show();
}

function showSent(loaded, total) {
  const isSingle = !archive && files.length === 1;
  byId("sent").value = total ? (100 * loaded) / total : 0;
  byId("sent-text").textContent =
    loaded < total ? say("sent", { sent: size(loaded), total: size(total) }) : say(isSingle ? "being_scanned" : "put_away");
}

function done(jobId) {
  sending = null;
  clear();
  showLive(jobId);
}

function failed(sentence, options) {
  sending = null;
  show();
  warn(sentence, options);
}
