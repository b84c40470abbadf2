// <logster-list>: keeps the list up to date without moving what is being read, and fetches older rows below it.
import { fragment } from "./api.js";
import { refreshTimes, setToNow } from "./ago.js";
import { complain } from "./banner.js";

const PAUSE_MS = 400;
const HEARD = ["logster:change", "logster:refresh", "logster:changed", "logster:rest"];

function brief(count) {
  if (count < 10_000) return count.toLocaleString("en");
  return count < 1_000_000 ? `${Math.floor(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

function looksLike(one, other) {
  return one.dataset.seen === other.dataset.seen && wordsOf(one) === wordsOf(other);
}

/** All that a row says but how long ago it was, which changes by itself. */
function wordsOf(row) {
  const copy = row.cloneNode(true);
  copy.querySelector("time").remove();
  return copy.textContent;
}

class LogsterList extends HTMLElement {
  #held = new Map();
  #timer = 0;
  #isFetching = false;
  #isStale = false;
  #strangers = new Set();
  #goneMeanwhile = new Set();
  #countedMeanwhile = new Set();
  #rests = 0;

  connectedCallback() {
    this.addEventListener("click", this);
    for (const type of HEARD) document.addEventListener(type, this);
  }

  disconnectedCallback() {
    for (const type of HEARD) document.removeEventListener(type, this);
  }

  handleEvent(event) {
    if (event.type === "logster:change") this.take(event.detail);
    else if (event.type === "logster:refresh") this.update();
    else if (event.type === "logster:changed") this.take([{ kind: event.detail.action, key: event.detail.key }]);
    else if (event.type === "logster:rest") this.#rest();
    else this.click(event);
  }

  click(event) {
    const older = event.target.closest("[data-older] a");
    if (!older || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.appendOlder(older);
  }

  row(key) {
    return this.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  get #rows() {
    return this.querySelector("[data-rows]");
  }

  /** Only the newest stretch of the list grows at its top. */
  get #isNewest() {
    const parameters = new URLSearchParams(location.search);
    return !parameters.has("before") && !parameters.has("after");
  }

  take(changes) {
    for (const change of changes) {
      const row = change.key ? this.row(change.key) : null;
      if (change.kind === "delete") this.#remove(change.key);
      else if (change.kind === "solve" && row && !this.#asksForSolved) this.#remove(change.key);
      else if (change.kind === "report" && row && change.outcome !== "regressed") this.#bump(row, change);
      else if (change.kind !== "report" || this.#mayShow(change)) this.#isStale = true;
    }
    if (this.#isStale) this.update();
  }

  get #asksForSolved() {
    return (new URLSearchParams(location.search).get("q") ?? "").includes("is:solved");
  }

  #mayShow(change) {
    if (this.#strangers.has(change.key) && !change.new) return false;
    const levels = new URLSearchParams(location.search).getAll("level").map((name) => name.toUpperCase());
    const names = ["DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
    const name = names[Math.min(Math.max(Math.floor(change.level / 10), 0), 5)];
    return this.#isNewest && (levels.length === 0 || levels.includes(name));
  }

  #bump(row, change) {
    if (this.#isFetching) this.#countedMeanwhile.add(change.key);
    const count = row.querySelector("[data-count]");
    if (change.count) {
      count.textContent = brief(change.count);
      count.title = `${change.count.toLocaleString("en")} times`;
    }
    setToNow(row.querySelector("time"));
    this.#flash(row);
  }

  #flash(row) {
    row.classList.remove("is-fresh");
    void row.offsetWidth; // the animation starts again
    row.classList.add("is-fresh");
  }

  #remove(key) {
    this.#held.delete(key);
    if (this.#isFetching) this.#goneMeanwhile.add(key);
    const row = this.row(key);
    if (!row) return;
    this.#drop(row);
    if (!this.#rows.childElementCount) this.update();
  }

  /** Take a row away; the focus goes on to its neighbour. */
  #drop(row) {
    if (row.contains(document.activeElement)) {
      (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("a")?.focus();
    }
    row.remove();
  }

  /** Nothing more is drawn, not even what was asked for already; the next `logster:refresh` makes up for it. */
  #rest() {
    this.#rests += 1;
    this.#isStale = false;
  }

  /** Fetch the list again, at once or as soon as the last time is long enough ago. */
  update() {
    this.#isStale = true;
    if (this.#isFetching || this.#timer) return;
    this.#fetch();
  }

  async #fetch() {
    this.#isFetching = true;
    this.#isStale = false;
    this.#goneMeanwhile.clear();
    this.#countedMeanwhile.clear();
    const began = performance.now();
    const rests = this.#rests;
    try {
      const answer = await fragment(this.#address(), "list");
      if (rests === this.#rests) this.#merge(answer);
    } catch {
      // The live view notices by itself that the server is away, and says so.
    }
    this.#isFetching = false;
    // A slow server is asked less often.
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#isStale && !document.hidden) this.#fetch();
    }, Math.max(PAUSE_MS, 4 * (performance.now() - began)));
  }

  #address() {
    const address = new URL(location.href);
    for (const name of ["tab", "env", "done"]) address.searchParams.delete(name);
    return address.href;
  }

  #merge(answer) {
    // What went after the server had looked must not come back with its answer.
    const rows = [...answer.querySelectorAll("[data-rows] > [data-key]")].filter((row) => !this.#goneMeanwhile.has(row.dataset.key));
    const known = new Set(rows.map((row) => row.dataset.key));
    this.#forgetCleared(rows, known);
    const fresh = [];
    for (const row of rows) {
      const present = this.row(row.dataset.key);
      // Nor may it take back what was counted since.
      if (present && this.#countedMeanwhile.has(row.dataset.key)) continue;
      if (present) this.#replace(present, row);
      else fresh.push(row);
    }
    for (const name of ["[data-summary]", "[data-empty]"]) this.#exchange(name, answer);
    this.#redraw(answer);
    if (this.#isNewest) this.#arrive(fresh);
    refreshTimes(this);
  }

  /** Drop rows that should be on this page and are not: they were removed while nobody told. */
  #forgetCleared(rows, known) {
    const oldest = rows.length ? Number(rows.at(-1).dataset.seen) : 0;
    for (const row of this.querySelectorAll("[data-rows] > [data-key]")) {
      const isOnPage = !rows.length || Number(row.dataset.seen) > oldest;
      if (isOnPage && !known.has(row.dataset.key)) this.#drop(row);
    }
  }

  #replace(present, row) {
    // What did not change stays: the pointer may be over it, or its text selected.
    if (looksLike(present, row)) return;
    const isSelected = present.querySelector("a").hasAttribute("aria-current");
    const hasFocus = present.contains(document.activeElement);
    if (row.dataset.seen !== present.dataset.seen) row.classList.add("is-fresh");
    row.querySelector("a").toggleAttribute("aria-current", false);
    if (isSelected) row.querySelector("a").setAttribute("aria-current", "true");
    row.querySelector(".pick input").checked = present.querySelector(".pick input").checked;
    present.replaceWith(row);
    if (hasFocus) row.querySelector("a").focus({ preventScroll: true });
  }

  /** The bars, as they are now; not while somebody is at them. */
  #redraw(answer) {
    const here = this.querySelector("[data-histogram]");
    const there = answer.querySelector("[data-histogram]");
    if (here?.matches(":hover, :focus-within")) return;
    if (here && there) here.replaceWith(there);
    else if (there) this.querySelector(".list-head").after(there);
    else if (this.#isNewest) here?.remove();
  }

  #exchange(name, answer) {
    const here = this.querySelector(name);
    const there = answer.querySelector(name);
    if (here && there) here.replaceWith(there);
    else if (here) here.remove();
    else if (there) this.#rows.after(there);
  }

  #arrive(rows) {
    for (const row of rows) this.#held.set(row.dataset.key, row);
    if (this.#isAtTop) this.#release();
    else this.#announce();
  }

  get #isAtTop() {
    const pane = this.closest("[data-list]");
    return pane.scrollTop < 8 && scrollY < 8;
  }

  #release() {
    const rows = [...this.#held.values()].sort((a, b) => b.dataset.seen - a.dataset.seen);
    this.#held.clear();
    for (const row of rows) {
      row.classList.add("is-fresh");
      if (row.dataset.key === new URLSearchParams(location.search).get("key")) {
        row.querySelector("a").setAttribute("aria-current", "true");
      }
    }
    this.#rows.prepend(...rows);
    this.#announce();
  }

  #announce() {
    this.querySelector(".fresh")?.remove();
    if (!this.#held.size) return;
    const button = Object.assign(document.createElement("button"), { className: "button", type: "button" });
    button.textContent = `${this.#held.size} new`;
    button.addEventListener("click", () => {
      this.closest("[data-list]").scrollTop = 0;
      scrollTo(0, 0);
      this.#release();
      this.querySelector(".row-link")?.focus();
    });
    const place = document.createElement("div");
    place.className = "fresh";
    place.setAttribute("role", "status");
    place.append(button);
    this.prepend(place);
  }

  async appendOlder(link) {
    const nav = link.closest("[data-older]");
    nav.setAttribute("aria-busy", "true");
    let answer;
    try {
      answer = await fragment(link.href, "list");
    } catch (failure) {
      nav.removeAttribute("aria-busy");
      complain("Older entries could not be fetched.", failure);
      return;
    }
    const rows = [...answer.querySelectorAll("[data-rows] > [data-key]")].filter((row) => !this.row(row.dataset.key));
    this.#rows.append(...rows);
    const next = answer.querySelector("[data-older]");
    if (next) nav.replaceWith(next);
    else nav.remove();
    refreshTimes(this);
    rows[0]?.querySelector("a").focus({ preventScroll: true });
  }
}

customElements.define("logster-list", LogsterList);
