// <logster-entry>: the detail of one entry. Its buttons change the entry without a reload, its counts keep up.
import { change, listAddress, restore } from "./api.js";
import { setToNow } from "./ago.js";
import { complain, say } from "./banner.js";
import { focusRow, isLost, neighbourOf } from "./focus.js";
import { addressOf, hasList, leave, open, reload } from "./selection.js";

const AWAY = new Set(["delete", "solve"]);

function told(action, versions) {
  if (action === "delete") return "Deleted.";
  return versions ? `Solved in ${versions}. It comes back when another version reports it.`
    : "Solved. It comes back when another version reports it.";
}

/** What the banner offers after a change: to take it back. */
function undoing(action, key, token) {
  if (action === "delete" && !token) return null;
  const act = async () => {
    try {
      if (action === "delete") await restore(token);
      else await change(key, "unsolve");
    } catch (failure) {
      complain("Not undone.", failure);
      return;
    }
    say(action === "delete" ? "Restored." : "No longer solved.");
    document.dispatchEvent(new CustomEvent("logster:refresh"));
    await open(addressOf(key));
    document.querySelector("[data-heading]")?.focus({ preventScroll: true });
  };
  return { label: "Undo", act };
}

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
    const next = neighbourOf([this.dataset.key]);
    button.disabled = true;
    let answer;
    try {
      answer = await change(this.dataset.key, action);
    } catch (failure) {
      button.disabled = false;
      complain("Not done.", failure);
      return;
    }
    document.dispatchEvent(new CustomEvent("logster:changed", { detail: { key: this.dataset.key, action } }));
    if (AWAY.has(action)) {
      if (!hasList) {
        location.assign(listAddress({ done: action, undo: answer.undo }));
        return;
      }
      say(told(action, this.dataset.versions), "", undoing(action, this.dataset.key, answer.undo));
      leave();
      if (isLost()) focusRow(next);
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
