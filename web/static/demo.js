// Causes errors without leaving the page, and leads to them. Without this file the server's buttons work as forms.
const note = document.getElementById("note");
const link = note.querySelector("a");
const log = new URL(link.getAttribute("href").replace(/\?.*/, ""), location.href);

const PATIENCE = 12, PAUSE_MS = 400;
const REFUSED = {
    403: "This log is gone; reload the page for a new one.",
    429: "That was too much; wait a minute, or begin with a fresh log.",
    503: "The demo is away; try again in a minute.",
};

const faults = {
    thrown() {
        const basket = { articles: ["espresso beans"] };
        return basket.customer.name;
    },
    rejected() {
        Promise.resolve("<!doctype html>").then((answer) => JSON.parse(answer));
    },
    reported() {
        try {
            decodeURIComponent("%E0%A4%A");
        } catch (error) {
            window.Logster.report(error, { level: "warning", env: { page: "demo", attempt: 1 } });
        }
    },
};

document.documentElement.classList.add("has-scripts");

function say(text, key) {
    note.firstElementChild.textContent = text;
    note.hidden = false;
    link.href = key ? `${log}?key=${key}` : log;
    link.hidden = false;
}

/** Return the key of the page's own error that was reported since; it takes a moment until it is written. What was
    reported a moment ago is not sent again, and then it is the newest one. */
async function arrived(since) {
    let newest;
    for (let attempt = 0; attempt < PATIENCE; attempt++) {
        await new Promise((done) => setTimeout(done, PAUSE_MS));
        const answer = await fetch(new URL("api/entries?limit=10", log));
        if (!answer.ok) return null;
        const { entries } = await answer.json();
        const found = entries.find((entry) => entry.source === "javascript");
        if (found?.last_seen > since) return found.key;
        newest = found?.key;
    }
    return newest;
}

async function lastSeen() {
    const answer = await fetch(new URL("api/entries?limit=1", log));
    const { entries } = answer.ok ? await answer.json() : { entries: [] };
    return entries[0]?.last_seen ?? 0;
}

async function causeInServer(form, button) {
    button.disabled = true;
    try {
        const action = new URL(form.action);
        action.search = "";
        const answer = await fetch(action, { method: "POST" });
        if (answer.ok) say(button.dataset.done, new URL(answer.url).searchParams.get("key"));
        else say(REFUSED[answer.status] ?? "That did not work.");
    } catch {
        say("The server does not answer.");
    } finally {
        button.disabled = false;
        button.focus();
    }
}

async function causeHere(button) {
    const since = await lastSeen().catch(() => 0);
    say(button.dataset.done);
    setTimeout(() => faults[button.dataset.fault]());
    const key = await arrived(since).catch(() => null);
    if (key) say(button.dataset.done, key);
}

document.addEventListener("submit", (event) => {
    if (!event.submitter?.dataset.done) return;
    event.preventDefault();
    causeInServer(event.target, event.submitter);
});

document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fault]");
    if (button) causeHere(button);
});
