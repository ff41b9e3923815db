// The name of a setting is copied by a button; what was found anew gets its buttons, too.
const { say } = await import(document.querySelector('script[src*="/static/page.js"]').src);

function offer() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  say(`${document.getElementById("settings").dataset.copied} ${button.dataset.copy}`);
});
document.addEventListener("htmx:afterSwap", offer);
offer();
