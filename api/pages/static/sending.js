// An upload under way: a single image goes the interactive way, and whatever is more becomes a job.
import { say } from "./words.js";

const WAIT_S = 5; // for the verdict of a single image; a later one is waited for on the page

// `progressed` is told of the bytes that were sent and of all there are, `done` the id of the job,
// `failed` a sentence. What is returned can be aborted.
export function sendChosen({ files, archive }, { progressed, done, failed }) {
  const isSingle = !archive && files.length === 1;
  const request = new XMLHttpRequest();
  request.open("POST", isSingle ? "/v1/scans" : "/v1/jobs");
  if (isSingle) request.setRequestHeader("Prefer", `wait=${WAIT_S}`);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => progressed(loaded, total));
  request.addEventListener("load", () => ended(request, { done, failed }));
  request.addEventListener("error", () => failed(say("broke_off")));
  request.addEventListener("abort", () => failed(say("stopped")));
  request.send(isSingle ? bodyOfOne(files[0]) : bodyOfAll(files, archive));
  return request;
}

function bodyOfOne({ file, name }) {
  const data = new FormData();
  data.append("image", file, name);
  return data;
}

function bodyOfAll(files, archive) {
  const data = new FormData();
  if (archive) data.append("archive", archive.file, archive.name);
  for (const { file, name } of files) data.append("files", file, name);
  return data;
}

function ended({ status, responseText }, { done, failed }) {
  let answer = {};
  try {
    answer = JSON.parse(responseText);
  } catch {
    // Something between here and the server answered; the sentence below says so.
  }
  if (status === 401) location.reload();
  else if (status === 200 || status === 202) done(answer.job?.id ?? answer.id);
  else if (answer.detail) failed(answer.detail, { isEnglish: true });
  else failed(say("answered", { status }));
}
