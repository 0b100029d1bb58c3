// Shows times in the reader's own zone and way, to the second; the day only where it is another one.
import { locale } from "./words.js";

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

export function showLocalTimes(within) {
  const today = new Date().toDateString();
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = (moment.toDateString() === today ? clock : full).format(moment);
  }
}
