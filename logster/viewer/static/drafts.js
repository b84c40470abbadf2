// On the settings page: a pattern that was sent and not taken, as when the session was over, is in its field again.

const KEPT = "logster.draft";

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function keep(draft) {
  try {
    if (draft) sessionStorage.setItem(KEPT, JSON.stringify(draft));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing gives nothing back.
  }
}

/** Which form it is: where it leads, and for a pattern that is there which one. */
function nameOf(form) {
  return [new URL(form.action).pathname, form.elements.pattern.type === "hidden" ? form.elements.pattern.value : ""].join(" ");
}

function fieldOf(form) {
  return form.elements.new_pattern ?? form.elements.pattern;
}

function giveBack({ form: name, text }) {
  const form = [...document.querySelectorAll(".pattern-form")].find((each) => nameOf(each) === name);
  const field = form && fieldOf(form);
  if (!field || field.type === "hidden" || field.value === text) return;
  field.value = text;
  field.focus();
  const banner = document.querySelector("[data-banner]");
  banner.textContent = "What you typed was not taken. It is in its field again.";
  banner.hidden = false;
}

document.addEventListener("submit", ({ target, submitter }) => {
  const isRemoved = submitter?.formNoValidate;
  if (target.matches(".pattern-form")) keep(isRemoved ? null : { form: nameOf(target), text: fieldOf(target).value });
});

// Whoever sees an answer to what was sent needs nothing back.
const isAnswered = document.querySelector("[data-banner]:not([hidden]), .mistake, .patterns [role=status]");
const draft = kept();
keep(null);
if (draft && !isAnswered) giveBack(draft);
