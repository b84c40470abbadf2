// <logster-live>: hears what changes, by server-sent events or else by asking now and then, and says which.
import { countSince, Failure, fragment } from "./api.js";
import { RELOAD, say, unsay } from "./banner.js";

const POLL_MS = 5_000;
const RETRY_MS = 2_000;
const HIDDEN_MS = 60_000;
const STATES = { live: "Live", polling: "Every 5 s", away: "Offline", paused: "Paused" };

/** The page's title without a count before it. */
function titleAlone() {
  return document.title.replace(/^\(\d+\+?\) /, "");
}

class LogsterLive extends HTMLElement {
  #source = null;
  #timer = 0;
  #stops = 0;
  #isPaused = false;
  #said = "";

  connectedCallback() {
    this.listen = () => (document.hidden ? this.#hide() : this.#show());
    this.querySelector("button").addEventListener("click", () => this.#pause(!this.#isPaused));
    document.addEventListener("visibilitychange", this.listen);
    addEventListener("pagehide", () => this.#stop());
    addEventListener("pageshow", (event) => event.persisted && !this.#isPaused && this.#start());
    this.#start();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.listen);
    this.#stop();
  }

  #pause(isPaused) {
    this.#isPaused = isPaused;
    this.querySelector("button").setAttribute("aria-pressed", String(isPaused));
    this.#stop();
    if (isPaused) {
      this.#now("paused");
      this.#tell("rest");
    } else this.#start();
  }

  /** In the background nothing is heard and nothing drawn; the title counts, asking once a minute. */
  #hide() {
    this.#stop();
    if (this.#isPaused) return;
    this.#tell("rest");
    const since = Date.now();
    const count = async () => {
      try {
        const found = await countSince(since);
        if (document.hidden && found !== "0") document.title = `(${found}) ${titleAlone()}`;
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
      }
      if (document.hidden) this.#timer = setTimeout(count, HIDDEN_MS);
    };
    this.#timer = setTimeout(count, Number(this.dataset.hiddenMs ?? HIDDEN_MS));
  }

  #show() {
    document.title = titleAlone();
    if (!this.#isPaused) this.#start();
  }

  #start() {
    this.#stop();
    if (document.hidden) return;
    if (this.hasAttribute("data-poll")) this.#poll(POLL_MS);
    else this.#subscribe();
  }

  #stop() {
    this.#stops += 1;
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
  }

  #subscribe() {
    const source = new EventSource(this.dataset.events);
    this.#source = source;
    source.addEventListener("change", (event) => this.#tell("change", JSON.parse(event.data)));
    source.addEventListener("refresh", () => {
      this.#now("live");
      this.#tell("refresh");
    });
    source.addEventListener("away", () => this.#now("away", "Redis is away. The list goes on by itself when it is back."));
    source.addEventListener("error", () => {
      // The browser tries again by itself, unless the server refused: then ask, and find out why.
      if (source.readyState === EventSource.CLOSED) this.#poll(0);
      else this.#now("away", "The connection to the server is lost. The list goes on by itself when it is back.");
    });
  }

  #poll(delay) {
    this.#stop();
    this.#timer = setTimeout(() => this.#ask(), delay);
  }

  async #ask() {
    // An answer that comes after the stop (a pause, say) must neither draw anything nor ask again.
    const stops = this.#stops;
    try {
      await fragment(location.pathname + "?limit=1", "list");
      if (stops !== this.#stops) return;
      const wasAway = this.dataset.now === "away";
      this.#now("polling");
      this.#tell("refresh");
      // Once more by events, as they may only have failed for the while.
      if (wasAway && !this.hasAttribute("data-poll")) this.#start();
      else this.#poll(POLL_MS);
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      if (stops !== this.#stops) return;
      this.#now("away", failure.message, failure.isOut ? RELOAD : null);
      this.#poll(failure.isAway ? RETRY_MS : POLL_MS);
    }
  }

  #now(state, text = "", offer = null) {
    // Said again and again, the same would take the focus off what it offers.
    if (this.dataset.now === state && this.#said === text) return;
    this.#said = text;
    if (this.dataset.now !== state) {
      this.dataset.now = state;
      // Inside the button a status would keep the word out of its name.
      for (const place of this.querySelectorAll("[data-state], [data-told]")) place.textContent = STATES[state];
    }
    if (state === "away") say(text, "away", offer);
    else unsay("away");
  }

  #tell(type, detail) {
    document.dispatchEvent(new CustomEvent(`logster:${type}`, { detail }));
  }
}

customElements.define("logster-live", LogsterLive);
