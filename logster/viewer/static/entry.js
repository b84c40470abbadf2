// <logster-entry>: the detail of one entry. Its buttons change the entry without a reload, its counts keep up.
import { change } from "./api.js";
import { setToNow } from "./ago.js";
import { say } from "./banner.js";
import { leave, reload } from "./selection.js";

const AWAY = new Set(["delete", "solve"]);
const DONE = {
  delete: "Deleted.",
  solve: "Solved. It comes back when another version reports it.",
};

class LogsterEntry extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this);
    document.addEventListener("logster:change", this);
  }

  disconnectedCallback() {
    document.removeEventListener("logster:change", this);
  }

  handleEvent(event) {
    if (event.type === "logster:change") this.keepUp(event.detail);
    else if (event.target.matches("[data-actions]")) this.submit(event);
  }

  submit(event) {
    const action = event.submitter?.value;
    if (!action) return;
    event.preventDefault();
    this.act(action, event.submitter);
  }

  async act(action, button) {
    button.disabled = true;
    try {
      await change(this.dataset.key, action);
    } catch (failure) {
      button.disabled = false;
      say(`Not done. ${failure.message}`, failure.isAway ? "away" : "");
      return;
    }
    document.dispatchEvent(new CustomEvent("logster:changed", { detail: { key: this.dataset.key, action } }));
    if (AWAY.has(action)) {
      say(DONE[action]);
      leave();
    } else {
      reload(`button[value=${action.startsWith("un") ? action.slice(2) : `un${action}`}]`);
    }
  }

  keepUp(changes) {
    const report = changes.find((each) => each.key === this.dataset.key && each.kind === "report");
    if (!report) return;
    if (report.count) this.querySelector("[data-count]").textContent = report.count.toLocaleString("en");
    setToNow(this.querySelector("[data-last] time"));
  }
}

customElements.define("logster-entry", LogsterEntry);
