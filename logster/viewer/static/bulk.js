// Chosen rows: ranges with shift, how many there are, and what is done to all of them without a reload.
import { bulk, groupAddress, restore, suggest } from "./api.js";
import { complain, say } from "./banner.js";
import { focusRow, isLost, neighbourOf } from "./focus.js";

const DONE = { solve: "Solved", protect: "Protected", unprotect: "No longer protected", delete: "Deleted" };

let anchor = null;

function boxes() {
  return [...document.querySelectorAll(".pick input")];
}

function chosen() {
  return boxes().filter((box) => box.checked);
}

function tell() {
  const place = document.querySelector("[data-chosen]");
  if (place) place.textContent = `${chosen().length} selected`;
}

/** Choose all between the box that was clicked last and this one, as it is now. */
function fill(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(anchor), all.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const each of all.slice(from, to + 1)) each.checked = box.checked;
}

/** Choose a row, or no longer. */
export function toggle(row) {
  const box = row?.querySelector(".pick input");
  if (!box) return;
  box.checked = !box.checked;
  anchor = box;
  tell();
}

function told(action, count) {
  return count === 1 ? `${DONE[action]}.` : `${DONE[action]}: ${count.toLocaleString("en")} entries.`;
}

function undoing(keys, action, token) {
  if (action !== "solve" && !token) return null;
  const act = async () => {
    try {
      if (token) await restore(token);
      else await bulk("unsolve", keys);
    } catch (failure) {
      complain("Not undone.", failure);
      return;
    }
    say(token ? "Restored." : "No longer solved.");
    document.dispatchEvent(new CustomEvent("logster:refresh"));
  };
  return { label: "Undo", act };
}

/** Do the same to several entries. */
export async function apply(action, keys) {
  const next = neighbourOf(keys);
  let answer;
  try {
    if (action === "group") {
      location.assign(groupAddress(await suggest(keys)));
      return;
    }
    answer = await bulk(action, keys);
  } catch (failure) {
    complain("Not done.", failure);
    return;
  }
  // What was chosen while this went on stays chosen.
  for (const box of chosen()) if (keys.includes(box.value)) box.checked = false;
  tell();
  for (const key of keys) document.dispatchEvent(new CustomEvent("logster:changed", { detail: { key, action } }));
  say(told(action, answer.changed), "", undoing(keys, action, answer.undo));
  if (isLost()) focusRow(...keys, next);
}

/** Whether any row is chosen: then keys mean those. */
export function isChosen() {
  return chosen().length > 0;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".pick input");
  if (!box) return;
  if (event.shiftKey && anchor && anchor !== box) fill(box);
  anchor = box;
  tell();
});

document.addEventListener("change", (event) => event.target.matches(".pick input") && tell());
document.addEventListener("reset", (event) => {
  if (!event.target.matches("[data-bulk]")) return;
  setTimeout(() => {
    tell();
    if (isLost()) focusRow(anchor?.value);
  });
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-bulk]") || !event.submitter?.value) return;
  event.preventDefault();
  apply(event.submitter.value, chosen().map((box) => box.value));
});
