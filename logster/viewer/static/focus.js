// Where the focus goes when what had it goes away: rows hand it on to their neighbours.

function linkOf(key) {
  return key ? document.querySelector(`.row[data-key="${CSS.escape(key)}"] .row-link`) : null;
}

/** Return the key of the row that follows those of `keys`, or else of the one before them; null where there is none. */
export function neighbourOf(keys) {
  const rows = [...document.querySelectorAll(".row")];
  const stays = (row) => !keys.includes(row.dataset.key);
  const first = rows.findIndex((row) => !stays(row));
  const next = rows.slice(Math.max(first, 0)).find(stays) ?? rows.slice(0, Math.max(first, 0)).findLast(stays);
  return next?.dataset.key ?? null;
}

/** Whether nothing that can be seen has the focus. */
export function isLost() {
  const { activeElement } = document;
  return !activeElement || activeElement === document.body || !activeElement.checkVisibility({ visibilityProperty: true });
}

/** Focus the first of these rows that is there, or else the entries as a whole. */
export function focusRow(...keys) {
  const link = keys.map(linkOf).find(Boolean);
  if (link) {
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
  } else document.querySelector("main")?.focus({ preventScroll: true });
}
