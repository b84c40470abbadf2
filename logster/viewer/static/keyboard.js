// Does what the keys of keys.js say.
import { KEYS } from "./keys.js";
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

const ACTS = {
  search,
  next: () => step(1),
  previous: () => step(-1),
  close: () => document.querySelector("[data-close]") && close(),
};

function press(selectors) {
  const found = selectors.map((each) => document.querySelector(each)).find(Boolean);
  found?.click();
  return Boolean(found);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat && !"jk".includes(event.key)) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const binding = KEYS.find((each) => each.key === event.key);
  if (!binding) return;
  if (binding.press) {
    if (press(binding.press)) event.preventDefault();
    return;
  }
  event.preventDefault();
  ACTS[binding.act]();
});
