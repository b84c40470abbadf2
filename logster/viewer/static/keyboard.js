// Keys: / for the search, j and k along the list, Escape to close the entry.
import { close } from "./selection.js";

function rows() {
  return [...document.querySelectorAll(".row-link")];
}

function step(by) {
  const all = rows();
  const at = all.findIndex((row) => row === document.activeElement);
  const from = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
  all[Math.min(Math.max(from + by, 0), all.length - 1)]?.focus();
}

function search() {
  const field = document.querySelector("#q");
  field?.focus();
  field?.select();
}

const KEYS = {
  "/": search,
  j: () => step(1),
  k: () => step(-1),
  Escape: () => document.querySelector("[data-close]") && close(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
