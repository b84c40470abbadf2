// Copies a permalink instead of following it, where the browser lets pages write to the clipboard.

async function copy(link) {
  const label = link.querySelector("[data-label]");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(link.href);
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = before; }, 2000);
  } catch {
    location.assign(link.href);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-copy]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
  event.preventDefault();
  copy(link);
});
