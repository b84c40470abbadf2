// The one line in which the page says what it cannot do just now, or what it did.

const banner = document.querySelector("[data-banner]");
const said = banner?.querySelector("[data-said]") ?? banner;
let offered = null;

/** Say `text`; `kind` is "away" for what will pass by itself, and "" for the rest. `offer` is what may be done now:
    a `label` for a button, and what to call (`act`) when it is pressed. */
export function say(text, kind = "", offer = null) {
  if (!banner) return;
  const hadFocus = banner.contains(document.activeElement);
  said.textContent = text;
  // What is offered still keeps its button, which somebody may be about to press.
  if (offer !== offered || !banner.querySelector("button")) {
    banner.querySelector("form, button")?.remove();
    if (offer) banner.append(button(offer));
  }
  offered = offer;
  // The button that was pressed goes; whoever pressed it by a key goes on from here.
  if (hadFocus) focusIn(banner.querySelector("button") ?? said);
  banner.classList.toggle("is-away", kind === "away");
  banner.hidden = !text;
}

function focusIn(element) {
  if (element === said) said.tabIndex = -1;
  element.focus({ preventScroll: true });
}

function button({ label, act }) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
  made.addEventListener("click", act, { once: true });
  return made;
}

/** Load the page again; what stands in the search field is asked for then, and not forgotten. */
function reload() {
  const typed = document.querySelector("#q")?.value;
  const address = new URL(location.href);
  if (!typed || typed === address.searchParams.get("q")) {
    location.reload();
    return;
  }
  address.searchParams.set("q", typed);
  location.assign(address);
}

/** What whoever is no longer let in may do. */
export const RELOAD = { label: "Reload", act: reload };

/** Say what was not done, and why. */
export function complain(text, failure) {
  say(`${text} ${failure.message}`.trim(), failure.isAway ? "away" : "", failure.isOut ? RELOAD : null);
}

/** Take back what was said of this kind. */
export function unsay(kind) {
  if (banner?.classList.contains(`is-${kind}`)) say("");
}

// What a form did is said once: a reload must not say it again.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  for (const name of ["done", "undo"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}
