// Keeps "5m" true while the page stays open, and tells the reader's own time on hover.

const STEPS = [[60, 1, "s"], [3600, 60, "m"], [86400, 3600, "h"], [86400 * 14, 86400, "d"], [Infinity, 604800, "w"]];
const EVERY_MS = 10_000;

function ago(moment) {
  const seconds = Math.max(0, Math.floor((Date.now() - moment) / 1000));
  if (seconds < 5) return "now";
  const [, unit, letter] = STEPS.find(([below]) => seconds < below);
  return `${Math.floor(seconds / unit)}${letter}`;
}

/** Bring all times below `root` up to date. */
export function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const moment = new Date(time.dateTime);
    const text = ago(moment.getTime());
    if (time.textContent !== text) time.textContent = text;
    time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" });
  }
  for (const time of root.querySelectorAll("time[data-exact]")) {
    const moment = new Date(time.dateTime);
    time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  }
}

/** Tell the ends of an axis, and what its bars say of theirs, in the reader's own time. */
export function refreshAxis(root) {
  const isByDay = (root.dataset.end - root.dataset.start) / root.dataset.bars >= 86_400_000;
  const form = isByDay ? { month: "short", day: "numeric" }
    : { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
  for (const time of root.querySelectorAll("time[data-axis]")) {
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, form);
  }
  for (const title of root.querySelectorAll("[data-from] title")) {
    const from = new Date(Number(title.parentElement.dataset.from));
    title.textContent = title.textContent.replace(/^[^,]*/, from.toLocaleString(undefined, form).replaceAll(",", ""));
  }
}

/** Let `time` show this very moment. */
export function setToNow(time) {
  time.dateTime = new Date().toISOString();
  time.textContent = "now";
}

refreshTimes();
setInterval(() => document.hidden || refreshTimes(), EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || refreshTimes());
