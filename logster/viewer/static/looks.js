// <logster-looks>: light or dark, dense or comfortable; kept in this browser, set before drawing by appearance.js.

const root = document.documentElement;

class LogsterLooks extends HTMLElement {
  connectedCallback() {
    for (const name of ["theme", "density"]) {
      const value = root.dataset[name] ?? "";
      for (const radio of this.querySelectorAll(`[name=${name}]`)) radio.checked = radio.value === value;
    }
    this.addEventListener("change", (event) => this.#choose(event.target.name, event.target.value));
  }

  #choose(name, value) {
    if (value) root.dataset[name] = value;
    else delete root.dataset[name];
    try {
      if (value) localStorage.setItem(`logster.${name}`, value);
      else localStorage.removeItem(`logster.${name}`);
    } catch {
      // A browser that keeps nothing shows it for this page.
    }
  }
}

customElements.define("logster-looks", LogsterLooks);
