// <logster-splitter>: the border between list and entry, moved with the pointer or the arrow keys; kept in this browser.

const LEAST = 25;
const MOST = 70;
const STEP = 2;

class LogsterSplitter extends HTMLElement {
  connectedCallback() {
    this.#tell(this.#now());
    this.addEventListener("pointerdown", (event) => {
      this.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.focus();
    });
    this.addEventListener("pointermove", (event) => this.hasPointerCapture(event.pointerId) && this.#drag(event));
    this.addEventListener("pointerup", () => this.#keep());
    this.addEventListener("keydown", this);
    this.addEventListener("dblclick", () => this.#reset());
  }

  handleEvent(event) {
    const rightToLeft = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    const to = {
      ArrowLeft: this.#now() - STEP * rightToLeft,
      ArrowRight: this.#now() + STEP * rightToLeft,
      Home: LEAST,
      End: MOST,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#set(to);
    this.#keep();
  }

  #now() {
    return parseFloat(document.documentElement.style.getPropertyValue("--logster-split")) || 40;
  }

  #drag(event) {
    const box = this.parentElement.getBoundingClientRect();
    this.#set(((event.clientX - box.left) / box.width) * 100);
  }

  #set(percent) {
    const rounded = Math.round(Math.min(Math.max(percent, LEAST), MOST) * 10) / 10;
    document.documentElement.style.setProperty("--logster-split", `${rounded}%`);
    this.#tell(rounded);
  }

  #tell(percent) {
    this.setAttribute("aria-valuenow", Math.round(percent));
  }

  #reset() {
    document.documentElement.style.removeProperty("--logster-split");
    this.#tell(this.#now());
    try {
      localStorage.removeItem("logster.split");
    } catch {
      // There is nothing to forget.
    }
  }

  #keep() {
    try {
      localStorage.setItem("logster.split", this.#now());
    } catch {
      // A browser that keeps nothing shows it for this page.
    }
  }
}

customElements.define("logster-splitter", LogsterSplitter);
