// Everything that is fetched, and the one place where text from the server becomes HTML.

// The mount, wherever it is: this module stands at static/VERSION/ below it.
const mount = new URL("../../", import.meta.url);

const policy = window.trustedTypes?.createPolicy("logster-fragment", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

/** An answer that did not come: `status` is the server's, 0 where it could not be reached. */
export class Failure extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  get isAway() {
    return this.status === 0 || this.status >= 500;
  }

  /** Whether who asked is no longer let in. */
  get isOut() {
    return this.status === 401 || this.status === 403;
  }

  get isGone() {
    return this.status === 404;
  }
}

async function request(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, "The server does not answer.");
  }
  // Who is no longer let in may be led to a login page, which is no answer to what was asked.
  if (response.redirected) throw new Failure(403, "You are no longer signed in. Reload the page.");
  if (!response.ok) throw new Failure(response.status, await reason(response));
  return response;
}

async function reason(response) {
  try {
    return (await response.json()).detail;
  } catch {
    if (response.status === 503) return "Redis is away.";
    const isOut = response.status === 401 || response.status === 403;
    return isOut ? "You are no longer let in. Reload the page." : `The server answered ${response.status}.`;
  }
}

/** Return a part of the page at `address` as a document, to take elements from. */
export async function fragment(address, name, signal) {
  const url = new URL(address, location.href);
  url.searchParams.set("fragment", name);
  const response = await request(url, { signal });
  return new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
}

/** Return what is at `address` as text. */
export async function text(address) {
  return (await request(address)).text();
}

/** Change one entry: delete, protect, unprotect, solve or unsolve it. A deletion tells the token that undoes it. */
export async function change(key, action) {
  const address = `api/entries/${encodeURIComponent(key)}${action === "delete" ? "" : `/${action}`}`;
  return send(address, action === "delete" ? "DELETE" : "POST");
}

/** Do the same to several entries; returns how many were changed, and after a deletion the token that undoes it. */
export async function bulk(action, keys) {
  return send("api/entries/bulk", "POST", { action, keys });
}

/** Return a pattern that would make one row of entries; empty where they have too little in common. */
export async function suggest(keys) {
  return (await send("api/patterns/grouping/suggest", "POST", { keys })).pattern;
}

/** The address of the page that groups by a pattern. */
export function groupAddress(pattern) {
  const address = new URL("group", mount);
  if (pattern) address.searchParams.set("q", pattern);
  return address.href;
}

/** Return values of a field of the search that fit what was typed. */
export async function completions(field, prefix, signal) {
  const address = new URL("api/completions", mount);
  address.searchParams.set("field", field);
  address.searchParams.set("prefix", prefix);
  return (await (await request(address, { signal })).json()).values;
}

/** Return how many entries of the list were seen since a moment, and whether that is all of them. */
export async function countSince(moment) {
  const address = new URL("api/entries", mount);
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name === "q" || name === "level") address.searchParams.append(name, value);
  }
  address.searchParams.set("since", moment);
  const { entries, next } = await (await request(address)).json();
  return `${entries.length}${next ? "+" : ""}`;
}

/** Bring back what was deleted, and return the keys. */
export async function restore(token) {
  return (await send("api/entries/undo", "POST", { token })).restored;
}

async function send(address, method, body) {
  const headers = { "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content };
  if (body) headers["Content-Type"] = "application/json";
  const response = await request(new URL(address, mount), { method, headers, body: body && JSON.stringify(body) });
  return response.json();
}

/** The address of the list with what a form would have said there. */
export function listAddress(parameters) {
  const address = new URL(mount);
  for (const [name, value] of Object.entries(parameters)) if (value) address.searchParams.set(name, value);
  return address.href;
}
