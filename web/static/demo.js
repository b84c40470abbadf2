// Causes errors without leaving the page. Without this file the server's buttons work as forms.
const note = document.getElementById("note");

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

function say(text) {
    note.firstElementChild.textContent = text;
    note.hidden = false;
}

document.addEventListener("submit", async (event) => {
    const form = event.target;
    event.preventDefault();
    const button = event.submitter;
    button.disabled = true;
    try {
        await fetch(form.action, { method: "POST" });
        say(button.dataset.done);
    } catch {
        say("The server does not answer.");
    } finally {
        button.disabled = false;
        button.focus();
    }
});

document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fault]");
    if (button) {
        say(button.dataset.done);
        faults[button.dataset.fault]();
    }
});
