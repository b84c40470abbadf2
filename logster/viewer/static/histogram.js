// <logster-histogram>: a span is chosen by dragging over the bars, or with the arrow keys; times are the reader's own.
import { refreshAxis } from "./ago.js";

const DRAGGED = 5;

class LogsterHistogram extends HTMLElement {
  #from = null;
  #dragged = false;
  #anchor = null;

  connectedCallback() {
    this.svg = this.querySelector("svg");
    this.choice = this.querySelector(".choice");
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "click", "keydown"]) {
      this.svg.addEventListener(type, this);
    }
    this.#rove(this.bars.find((bar) => bar.matches(".is-chosen")) ?? this.bars.at(-1));
    refreshAxis(this);
  }

  get bars() {
    return [...this.querySelectorAll(".bar")];
  }

  handleEvent(event) {
    this[`on${event.type}`]?.(event);
  }

  onpointerdown(event) {
    if (event.button !== 0) return;
    this.#from = event.clientX;
    this.#dragged = false;
  }

  onpointermove(event) {
    if (this.#from === null) return;
    if (!this.#dragged && Math.abs(event.clientX - this.#from) > DRAGGED) {
      this.#dragged = true;
      this.svg.setPointerCapture(event.pointerId);
    }
    if (this.#dragged) this.#show(this.#span(this.#from, event.clientX));
  }

  onpointerup(event) {
    if (this.#dragged) this.#choose(...this.#span(this.#from, event.clientX));
    this.#from = null;
  }

  onpointercancel() {
    this.#from = null;
    this.#show([0, 0]);
  }

  onclick(event) {
    // What ends a drag is no click on the bar below it.
    if (this.#dragged) event.preventDefault();
    this.#dragged = false;
  }

  /** The arrows lead from bar to bar, and with shift they choose a span that Enter takes. */
  onkeydown(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const bars = this.bars;
    const at = bars.indexOf(event.target);
    if (by && at >= 0) {
      event.preventDefault();
      const next = bars[Math.min(Math.max(at + by, 0), bars.length - 1)];
      this.#anchor = event.shiftKey ? this.#anchor ?? event.target : null;
      this.#rove(next);
      next.focus();
      this.#show(this.#anchor ? this.#between(this.#anchor, next) : [0, 0]);
    } else if (event.key === "Enter" && this.#anchor && at >= 0) {
      event.preventDefault();
      this.#choose(...this.#between(this.#anchor, event.target));
    }
  }

  #rove(bar) {
    for (const each of this.bars) each.setAttribute("tabindex", each === bar ? 0 : -1);
  }

  #between(one, other) {
    const [first, last] = [one, other].sort((a, b) => a.dataset.from - b.dataset.from);
    return [this.#place(first.dataset.from), this.#place(last.dataset.until) - 1];
  }

  get #step() {
    return (this.dataset.end - this.dataset.start) / this.dataset.bars;
  }

  #place(time) {
    return (time - this.dataset.start) / this.#step;
  }

  /** The first and the last bar between two places on the screen. */
  #span(from, to) {
    const box = this.svg.getBoundingClientRect();
    const places = [from, to].map((x) => Math.floor(((x - box.left) / box.width) * this.dataset.bars));
    return places.sort((a, b) => a - b).map((place) => Math.min(Math.max(place, 0), this.dataset.bars - 1));
  }

  #show([first, last]) {
    const pitch = 100 / this.dataset.bars;
    const isEmpty = first === 0 && last === 0 && !this.#dragged;
    this.choice.setAttribute("x", `${first * pitch}%`);
    this.choice.setAttribute("width", isEmpty ? 0 : `${(last - first + 1) * pitch}%`);
  }

  #choose(first, last) {
    const start = Number(this.dataset.start);
    const address = new URL(location.href);
    for (const name of ["before", "after", "done", "undo"]) address.searchParams.delete(name);
    address.searchParams.set("during", `${start + first * this.#step}-${start + (last + 1) * this.#step - 1}`);
    location.assign(address);
  }
}

customElements.define("logster-histogram", LogsterHistogram);
