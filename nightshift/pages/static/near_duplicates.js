// One group after another by keyboard: each key presses a button that is there for everybody.
// By the address of the page's own script: by another one it would run a second time.
const { keysOn, say } = await import(document.querySelector('script[src*="/static/page.js"]').src);

let ahead = null; // the next group, asked for before somebody wants it: {place, text}

function begin(group) {
  for (const one of document.querySelectorAll(".only-script")) one.hidden = false;
  for (const form of group.querySelectorAll("[data-forget]")) follow(form);
  if (group.dataset.next) ask(group.dataset.next);
}

/** Have the form that forgets name all items but the chosen one. */
function follow(form) {
  const items = [...document.querySelectorAll('#decision input[name="item"]')].map((one) => one.value);
  const put = () => {
    const chosen = document.querySelector('#decision input[name="chosen"]:checked')?.value;
    for (const old of form.querySelectorAll('input[name="item"]')) old.remove();
    for (const item of items.filter((one) => one !== chosen)) {
      const field = document.createElement("input");
      [field.type, field.name, field.value] = ["hidden", "item", item];
      form.append(field);
    }
  };
  document.getElementById("decision").addEventListener("change", put);
  put();
}

async function ask(place) {
  try {
    const answer = await fetch(place, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const text = await answer.text();
    ahead = { place, text };
    const found = new DOMParser().parseFromString(text, "text/html");
    for (const one of found.querySelectorAll("#group .copy img")) new Image().src = one.getAttribute("src");
  } catch {
    ahead = null; // it is asked for again when it is wanted
  }
}

// What is here already is shown at once.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[data-key="j"]');
  if (!link || ahead?.place !== link.getAttribute("href") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { place, text } = ahead;
  ahead = null;
  history.pushState({}, "", place);
  htmx.swap("#group", text, { swapStyle: "outerHTML" });
}, true);
addEventListener("popstate", () => location.reload());

document.addEventListener("htmx:load", (event) => {
  const group = event.detail.elt;
  if (group.id !== "group") return;
  begin(group);
  if (group.dataset.said) say(group.dataset.said);
  (document.getElementById("group-title") ?? document.getElementById("main")).focus();
  scrollTo({ top: 0 });
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog).showModal();
});

document.addEventListener("keydown", (event) => {
  if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest('input:not([type="radio"], [type="range"]), textarea, select, [contenteditable]')) return;
  const key = event.key.toLowerCase();
  const found = key === "w"
    ? document.querySelector('[data-do="wipe"]')
    : document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.type === "radio") found.focus();
  found.click();
});

const first = document.getElementById("group");
if (first) begin(first);
