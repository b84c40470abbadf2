// Every key of the viewer, as data: what it does, where it stands in the list of keys, and either what it presses (the
// first selector with an element on the page) or what it is called in keyboard.js, or neither where the browser does it by itself. `row` is what it does to chosen rows, or to the row that has the focus.

export const KEYS = [
  { key: "/", does: "Search", part: "List", act: "search" },
  { key: "j", does: "Next entry", part: "List", act: "next" },
  { key: "k", does: "Previous entry", part: "List", act: "previous" },
  { key: "Enter", does: "Open the entry", part: "List" },
  { key: "x", does: "Choose the row, or no longer", part: "List", act: "choose" },
  { key: "?", does: "All keys", part: "List", act: "keys" },
  { key: "Escape", does: "Close the entry", part: "Entry", act: "close" },
  { key: "1", does: "Info", part: "Entry", press: ["[data-tab=info]"] },
  { key: "2", does: "Traceback", part: "Entry", press: ["[data-tab=traceback]"] },
  { key: "3", does: "Env", part: "Entry", press: ["[data-tab=env]"] },
  { key: "4", does: "Timeline", part: "Entry", press: ["[data-tab=timeline]"] },
  { key: "[", does: "Newer occurrence", part: "Entry", press: [".samples a[rel=prev]", "[data-tab=env]:not([aria-current])"] },
  { key: "]", does: "Older occurrence", part: "Entry", press: [".samples a[rel=next]", "[data-tab=env]:not([aria-current])"] },
  { key: "c", does: "Copy as Markdown", part: "Entry", press: ["[data-form=md]"] },
  { key: "e", does: "Solve, or not solved after all", part: "Entry", row: "solve", press: ["[data-actions] :is([value=solve], [value=unsolve])"] },
  { key: "p", does: "Protect or unprotect", part: "Entry", row: "protect", press: ["[data-actions] :is([value=protect], [value=unprotect])"] },
  { key: "#", does: "Delete", part: "Entry", row: "delete", press: ["[data-actions] [value=delete]"] },
  { key: "u", does: "Undo a deletion", part: "Entry", press: ["[data-banner] button"] },
];
