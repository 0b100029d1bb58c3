// A job followed to its end: told by its event stream, and asked for where no stream gets through.
import { readJson } from "./reading.js";
import { FINAL } from "./progress.js";

const PAUSE_MS = 1000; // between two questions without a stream
const LONGEST_PAUSE_MS = 15000; // while the server does not answer
const WITH_STREAM_MS = 10000; // a stream can break without a sign, and does not hear of signing out
const MOST_STREAMS = 2; // a browser has six connections to a server, for everything
const MOST_BREAKS = 3; // in a row, without a word

let streams = 0;

// `show` gets the job again and again, and may take its time; `away` is told whether the server
// fails to answer, `gone` that the job was deleted.
export function follow({ self, events }, { show, away, gone }) {
  let stream = null;
  let breaks = 0;
  let pauseMs = PAUSE_MS;
  let newest = null;
  let showing = false;
  let over = false;
  let timer = null;

  document.addEventListener("visibilitychange", heed);
  heed();

  function heed() {
    clearTimeout(timer);
    if (over) return;
    if (document.visibilityState === "visible") ask();
    else close();
  }

  async function ask() {
    clearTimeout(timer);
    try {
      const job = await readJson(self);
      pauseMs = PAUSE_MS;
      await hear(job);
    } catch (error) {
      fail(error);
    }
    if (over) return;
    if (!stream && pauseMs === PAUSE_MS) listen();
    timer = setTimeout(heed, stream ? WITH_STREAM_MS : pauseMs);
  }

  function listen() {
    if (streams >= MOST_STREAMS || breaks >= MOST_BREAKS) return;
    streams += 1;
    stream = new EventSource(`${events}?verdicts=false`);
    for (const name of ["progress", "end"]) {
      stream.addEventListener(name, ({ data }) => {
        breaks = 0;
        hear(JSON.parse(data)).catch(broken);
      });
    }
    stream.addEventListener("error", broken);
  }

  function broken() {
    breaks += 1;
    close();
    clearTimeout(timer);
    if (!over) timer = setTimeout(heed, pauseMs);
  }

  function close() {
    if (!stream) return;
    stream.close();
    stream = null;
    streams -= 1;
  }

  async function hear(job) {
    newest = job;
    if (showing || over) return;
    showing = true;
    try {
      while (newest) {
        const next = newest;
        newest = null;
        const isFinal = FINAL.includes(next.state);
        if (isFinal) close();
        await show(next, isFinal);
        away(false);
        if (isFinal) return finish();
      }
    } finally {
      showing = false;
    }
  }

  function fail(error) {
    close();
    if (error.status === 404) {
      finish();
      gone();
    } else {
      away(true);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  function finish() {
    over = true;
    close();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", heed);
  }
}
