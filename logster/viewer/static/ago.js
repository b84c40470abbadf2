// Keeps "5m" true while the page stays open, and tells the reader's own time on hover.

const STEPS = [[60, 1, "s"], [3600, 60, "m"], [86400, 3600, "h"], [86400 * 14, 86400, "d"], [Infinity, 604800, "w"]];
const EVERY_MS = 10_000;
// Made once: each `toLocaleString` with options makes one of these anew, which a long list feels.
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const HOVERED = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function ago(moment) {
  const seconds = Math.max(0, Math.floor((Date.now() - moment) / 1000));
  if (seconds < 5) return "now";
  const [, unit, letter] = STEPS.find(([below]) => seconds < below);
  return `${Math.floor(seconds / unit)}${letter}`;
}

/** Bring all times below `root` up to date. */
export function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const text = ago(Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
  for (const time of root.querySelectorAll("time[data-exact]")) {
    time.textContent = EXACT.format(Date.parse(time.dateTime));
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

/** Tell the reader's own time of what the pointer is over; until then the title is the server's. */
function tell(event) {
  const time = event.target.closest?.("time[data-ago], time[data-exact]");
  if (time) time.title = HOVERED.format(Date.parse(time.dateTime));
}

refreshTimes();
document.addEventListener("pointerover", tell);
setInterval(() => document.hidden || refreshTimes(), EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || refreshTimes());
