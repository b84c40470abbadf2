// <logster-completions>: below the search field, what it was asked before and what may follow what is typed.
import { completions } from "./api.js";

const FIELDS = ["level", "logger", "type", "host", "version", "env.", "count", "since", "until", "is"];
const COMPLETED = /(?:^|\s)-?(level|logger|type|host|version):((?:[<>]=?)?(?:[^\s",]*,)*)("[^"]*|[^\s",]*)$/;
const WORD = /(?:^|\s)-?([a-z]{2,})$/;
const PAUSE_MS = 100;
const KEPT = "logster.searches";
const KEPT_AT_MOST = 8;

function recent() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

function remember(queries) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(queries.slice(0, KEPT_AT_MOST)));
  } catch {
    // A browser that keeps nothing offers nothing.
  }
}

function quoted(value) {
  return /[\s",*]/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value;
}

class LogsterCompletions extends HTMLElement {
  #asked = new AbortController();
  #timer = 0;
  #at = -1;

  connectedCallback() {
    this.field = this.parentElement.querySelector("input");
    this.list = document.createElement("ul");
    Object.assign(this.list, { id: "completions", className: "completions", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    this.append(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "completions"], ["aria-expanded", "false"]]) {
      this.field.setAttribute(name, value);
    }
    for (const type of ["input", "focus", "click", "keydown", "blur"]) this.field.addEventListener(type, this);
    this.list.addEventListener("pointerdown", (event) => this.#press(event));
    const query = this.field.value.trim();
    if (query && !this.field.hasAttribute("aria-invalid")) remember([query, ...recent().filter((each) => each !== query)]);
  }

  handleEvent(event) {
    if (event.type === "keydown") this.#key(event);
    else if (event.type === "blur") this.#close();
    else this.#look();
  }

  get #before() {
    return this.field.value.slice(0, this.field.selectionStart ?? this.field.value.length);
  }

  #look() {
    clearTimeout(this.#timer);
    this.#asked.abort();
    const found = COMPLETED.exec(this.#before);
    if (found) this.#timer = setTimeout(() => this.#ask(found[1], found[3]), PAUSE_MS);
    else if (!this.field.value.trim()) this.#offerRecent();
    else this.#offerFields();
  }

  async #ask(field, typed) {
    this.#asked = new AbortController();
    let values;
    try {
      values = await completions(field, typed.replace(/^"/, ""), this.#asked.signal);
    } catch {
      this.#close();
      return;
    }
    const shown = values.filter((value) => value !== typed);
    this.#offer(shown.map((value) => ({ text: value, take: () => this.#complete(COMPLETED, `${quoted(value)} `) })));
  }

  #offerFields() {
    const word = WORD.exec(this.#before)?.[1] ?? "";
    const names = word ? FIELDS.filter((name) => name.startsWith(word) && name !== word) : [];
    this.#offer(names.map((name) => {
      const text = name.endsWith(".") ? name : `${name}:`;
      return { text, take: () => this.#complete(WORD, text, true) };
    }));
  }

  #offerRecent() {
    const queries = recent();
    const options = queries.map((query) => ({ text: query, take: () => this.#search(query) }));
    if (options.length) options.push({ text: "Forget these searches", isQuiet: true, take: () => { remember([]); this.#close(); } });
    this.#offer(options);
  }

  /** Put `text` in place of what `pattern` ends with now: more may have been typed since it was offered. */
  #complete(pattern, text, goOn = false) {
    const typed = pattern.exec(this.#before)?.at(-1) ?? "";
    this.field.setRangeText(text, this.#before.length - typed.length, this.#before.length, "end");
    if (goOn) this.#look();
    else this.#close();
  }

  #search(query) {
    this.field.value = query;
    this.field.form.requestSubmit();
  }

  #offer(options) {
    this.options = options;
    this.#at = -1;
    this.list.replaceChildren(...options.map(({ text, isQuiet }, place) => {
      const item = document.createElement("li");
      item.id = `completion-${place}`;
      item.textContent = text;
      item.dir = "auto";
      item.classList.toggle("quiet", Boolean(isQuiet));
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      return item;
    }));
    this.#mark();
    this.list.hidden = options.length === 0;
    this.field.setAttribute("aria-expanded", String(options.length > 0));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#offer([]);
  }

  #key(event) {
    const count = this.options?.length ?? 0;
    if (!count) {
      if (event.key === "ArrowDown") this.#look();
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.#at = this.#at < 0 && by < 0 ? count - 1 : (this.#at + by + count + 1) % (count + 1);
      if (this.#at === count) this.#at = -1;
      this.#mark();
    } else if (event.key === "Enter" && this.#at >= 0) {
      event.preventDefault();
      this.options[this.#at].take();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#close();
    }
  }

  #mark() {
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === this.#at)));
    const item = this.list.children[this.#at];
    if (item) {
      this.field.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  #press(event) {
    event.preventDefault(); // the field keeps the focus
    const place = [...this.list.children].indexOf(event.target.closest("li"));
    if (place >= 0) this.options[place].take();
  }
}

customElements.define("logster-completions", LogsterCompletions);
