// Shows times in the reader's own zone and way; those that are told to the second, without a day
// that is today.
import { locale } from "./words.js";

const dated = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

export function showTimes(within) {
  const today = new Date().toDateString();
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    const toTheSecond = moment.toDateString() === today ? clock : full;
    time.title = time.textContent;
    time.textContent = ("seconds" in time.dataset ? toTheSecond : dated).format(moment);
  }
}

showTimes(document);
