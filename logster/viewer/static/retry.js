// On the page that says that Redis is away: tries again by itself, less and less often.

const place = document.querySelector("[data-retry]");
const LONGEST_MS = 30_000;

async function attempt(delay) {
  place.textContent = "Trying again by itself.";
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    if (response.status !== 503) {
      location.reload();
      return;
    }
  } catch {
    // The server is away, too; the next attempt may find it.
  }
  setTimeout(() => attempt(Math.min(delay * 1.5, LONGEST_MS)), delay);
}

place.textContent = "Trying again by itself.";
setTimeout(() => attempt(2_000), 2_000);
