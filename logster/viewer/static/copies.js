// <logster-copies>: puts an entry on the clipboard instead of leading to it as a page of its own, and says so.
import { text } from "./api.js";

const SAID_MS = 2500;

class LogsterCopies extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("keydown", this);
    this.outside = (event) => this.contains(event.target) || this.close();
    document.addEventListener("click", this.outside);
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.outside);
    clearTimeout(this.#timer);
  }

  handleEvent(event) {
    if (event.type === "keydown") this.key(event);
    else if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) this.click(event);
  }

  key(event) {
    if (event.key !== "Escape" || !this.details.open) return;
    event.stopPropagation();
    event.preventDefault();
    this.close();
    this.querySelector("summary").focus();
  }

  click(event) {
    const link = event.target.closest("a[data-form]");
    if (!link) return;
    event.preventDefault();
    const hadFocus = this.details.contains(document.activeElement);
    this.close();
    if (hadFocus) this.querySelector("summary").focus();
    this.copy(link);
  }

  get details() {
    return this.querySelector("details");
  }

  close() {
    this.details.open = false;
  }

  async copy(link) {
    try {
      await put(contentOf(link));
      this.say("Copied");
    } catch (failure) {
      this.say("Not copied");
      this.querySelector("[data-copied]").textContent = `Not copied. ${failure.message}`;
    }
  }

  say(words) {
    const label = this.querySelector("[data-label]");
    this.querySelector("[data-copied]").textContent = words;
    label.textContent = words;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      label.textContent = "Copy";
      this.querySelector("[data-copied]").textContent = "";
    }, SAID_MS);
  }
}

/** What the link leads to; with the permalink as this browser has it, as a proxy may hide it from the server. */
async function contentOf(link) {
  const content = await text(link.href);
  const permalink = new URL(link.href);
  permalink.search = "";
  permalink.pathname = permalink.pathname.replace(/\.\w+$/, "");
  const key = permalink.pathname.split("/").pop();
  return content.replaceAll(new RegExp(`(https?://[^\\s"\`]*)?/show/${key}(?![0-9A-Za-z])`, "g"), () => permalink.href);
}

async function put(promised) {
  if (navigator.clipboard && window.ClipboardItem) {
    // A promise, as some browsers forget by the time of an answer that the reader asked for it.
    const blob = promised.then((content) => new Blob([content], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } else {
    select(await promised);
  }
}

/** Over plain HTTP there is no clipboard but the one of old. */
function select(content) {
  const focused = document.activeElement;
  const area = Object.assign(document.createElement("textarea"), { value: content, className: "hidden", readOnly: true });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  if (!done) throw new Error("The browser does not let this page copy.");
}

customElements.define("logster-copies", LogsterCopies);
