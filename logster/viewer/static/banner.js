// The one line in which the page says what it cannot do just now, or what it did.

const banner = document.querySelector("[data-banner]");

/** Say `text`; `kind` is "away" for what will pass by itself, and "" for the rest. */
export function say(text, kind = "") {
  if (!banner) return;
  banner.textContent = text;
  banner.classList.toggle("is-away", kind === "away");
  banner.hidden = !text;
}

/** Take back what was said of this kind. */
export function unsay(kind) {
  if (banner?.classList.contains(`is-${kind}`)) say("");
}

// What a form did is said once: a reload must not say it again.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
}
