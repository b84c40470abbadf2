// Does what the keys of keys.js say.
import { apply, isChosen, toggle } from "./bulk.js";
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

function rowAtHand() {
  return document.activeElement?.closest(".row") ?? document.querySelector(".row:has([aria-current])");
}

/** Do to the chosen rows what a key does to an entry, or to the row with the focus where that is not the open one. */
function actOnRows(action) {
  if (isChosen()) {
    document.querySelector(`[data-bulk] [value=${action}]`).click();
    return true;
  }
  const row = document.activeElement?.closest(".row");
  // Whoever may only look has no form for changes.
  if (!row || !document.querySelector("[data-bulk]") || row.querySelector("[aria-current]")) return false;
  const isUndone = action === "protect" && row.dataset.flags.split(" ").includes("protected");
  apply(isUndone ? "unprotect" : action, [row.dataset.key]);
  return true;
}

function describe() {
  let dialog = document.querySelector("dialog.keys");
  if (!dialog) {
    dialog = document.querySelector("template#keys").content.firstElementChild.cloneNode(true);
    const parts = dialog.querySelector(".keys-parts");
    for (const name of new Set(KEYS.map((each) => each.part))) parts.append(partOf(name));
    document.body.append(dialog);
  }
  dialog.showModal();
}

function partOf(name) {
  const section = document.createElement("section");
  const list = document.createElement("dl");
  section.append(Object.assign(document.createElement("h3"), { textContent: name }), list);
  for (const { key, does } of KEYS.filter((each) => each.part === name)) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key === "Escape" ? "Esc" : key }));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: does }));
  }
  return section;
}

const ACTS = {
  choose: () => toggle(rowAtHand()),
  keys: () => document.querySelector("template#keys") && describe(),
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
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
  // What lies over the page takes the keys first; once closed it has the focus still, until the next frame.
  if (document.querySelector(":popover-open, dialog[open]")) return;
  const binding = KEYS.find((each) => each.key === event.key);
  if (!binding?.act && !binding?.press) return;
  if (binding.row && actOnRows(binding.row)) {
    event.preventDefault();
    return;
  }
  if (binding.press) {
    if (press(binding.press)) event.preventDefault();
    return;
  }
  event.preventDefault();
  ACTS[binding.act]();
});
