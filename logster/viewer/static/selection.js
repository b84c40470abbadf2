// Which entry is open beside the list: follows clicks and history, and keeps both the address and the focus right.
import { fragment } from "./api.js";
import { refreshTimes } from "./ago.js";
import { complain, unsay } from "./banner.js";

const pane = document.querySelector("[data-detail]");
const list = document.querySelector("[data-list]");

/** Whether there is a list beside the entry. */
export const hasList = Boolean(list);

const LISTING = ["q", "level", "since", "until", "during", "before", "after"];

const title = document.querySelector(".brand").textContent;

let loading = new AbortController();
let scrolled = 0;
let listing = listingOf(location.href);

function listingOf(address) {
  const parameters = new URL(address, location.href).searchParams;
  return JSON.stringify(LISTING.map((name) => parameters.getAll(name)));
}

function keyOf(address) {
  return new URL(address, location.href).searchParams.get("key");
}

function isPlain(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

/** Return the address of an entry beside the list as it is now. */
export function addressOf(key) {
  const address = new URL(location.href);
  for (const name of ["tab", "env", "frames", "span", "done", "undo"]) address.searchParams.delete(name);
  if (key) address.searchParams.set("key", key);
  else address.searchParams.delete("key");
  return address.href;
}

function mark(key) {
  for (const link of document.querySelectorAll(".row-link[aria-current]")) link.removeAttribute("aria-current");
  rowOf(key)?.setAttribute("aria-current", "true");
}

function rowOf(key) {
  return key ? document.querySelector(`[data-key="${CSS.escape(key)}"] .row-link`) : null;
}

/** Show what is at `address` in the detail pane; a number of its own tells whether something newer took over. */
async function load(address) {
  loading.abort();
  loading = new AbortController();
  const answer = await fragment(address, "detail", loading.signal);
  pane.replaceChildren(...answer.body.childNodes);
  refreshTimes(pane);
  document.title = [pane.querySelector("[data-heading]")?.textContent, title].filter(Boolean).join(" · ");
  unsay("away");
}

/** Open the entry at `address`. With `push` the address becomes the page's. */
export async function open(address, { push = true } = {}) {
  const isOther = keyOf(address) !== keyOf(location.href) || !pane.childElementCount;
  if (list && !document.body.classList.contains("has-entry")) scrolled = scrollY;
  mark(keyOf(address));
  try {
    await load(address);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    mark(keyOf(location.href));
    complain("This could not be opened.", failure);
    return;
  }
  if (push) history.pushState(null, "", address);
  show(isOther);
}

function show(isOther) {
  document.body.classList.add("has-entry");
  if (!isOther) return;
  pane.scrollTop = 0;
  const row = document.querySelector(".row-link[aria-current]");
  // On a phone the row is out of sight now, and the focus with it.
  if (row?.offsetParent) row.scrollIntoView({ block: "nearest" });
  else {
    scrollTo(0, 0);
    pane.querySelector("[data-heading]")?.focus({ preventScroll: true });
  }
}

function closePane() {
  const row = document.querySelector(".row-link[aria-current]");
  document.body.classList.remove("has-entry");
  document.title = title;
  pane.replaceChildren();
  mark(null);
  row?.focus({ preventScroll: true });
  scrollTo(0, scrolled);
}

/** Close the detail pane. */
export function close() {
  history.pushState(null, "", addressOf(null));
  closePane();
}

/** Close the pane of an entry that is no longer in the list; on a page of its own, go to the list. */
export function leave() {
  if (list) close();
  else location.assign(document.querySelector(".brand a").href);
}

/** Load the open entry again, and put the focus on what `focus` selects in it. */
export async function reload(focus) {
  try {
    await load(location.href);
    pane.querySelector(focus)?.focus();
  } catch (failure) {
    if (failure.name !== "AbortError") complain("", failure);
  }
}

async function follow(link) {
  const { text, rel } = link;
  const nav = link.closest("nav").className;
  await open(link.href);
  // The link was replaced with its pane: the same one takes the focus over, or its neighbour at the last sample.
  const links = [...pane.querySelectorAll(`nav.${nav} a`)];
  const same = links.find((each) => (rel ? each.rel === rel : each.text === text));
  (same ?? links[0])?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || !isPlain(event)) return;
  if (link.matches(".row-link")) {
    event.preventDefault();
    open(addressOf(link.closest("[data-key]").dataset.key));
  } else if (link.matches("[data-close]")) {
    event.preventDefault();
    close();
  } else if (pane?.contains(link) && link.matches(".tabs a, .samples a, .views a")) {
    event.preventDefault();
    follow(link);
  }
});

addEventListener("popstate", () => {
  if (!pane) return;
  if (listingOf(location.href) !== listing) location.reload();
  else if (!list || keyOf(location.href)) open(location.href, { push: false });
  else closePane();
});
