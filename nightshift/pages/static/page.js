// What every page does: says the browser's zone, asks before what cannot be undone, shows messages.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const base = document.querySelector('meta[name="base-path"]').content;
document.cookie = `nightshift_zone=${zone};path=${base || "/"};max-age=31536000;samesite=strict`;

/** The page's own token, for what scripts post. */
export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

/** An address of ours. */
export const path = (place) => base + place;

/** Say something in the corner, to eyes and screen readers; it goes after a while. */
export function say(text, kind = "") {
  const line = document.createElement("p");
  line.className = `message ${kind}`;
  line.dir = "auto";
  line.textContent = text;
  document.getElementById("messages").append(line);
  setTimeout(() => line.remove(), 8000);
}

/** Post fields to one of our pages; the answer, or an error with the words of the server. */
export async function post(place, fields = {}) {
  const answer = await fetch(path(place), {
    method: "POST",
    headers: { "X-CSRF-Token": csrf(), "HX-Request": "true" },
    body: new URLSearchParams(fields),
  });
  if (!answer.ok) throw new Error(await wordsOf(answer));
  return answer;
}

async function wordsOf(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.body.textContent.trim() || answer.statusText;
}

// Forms that ask first: <form data-confirm="Forget 3 items?">. Who says no ends it here, before htmx
// or anybody else hears of it.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (!question || confirm(question)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// An error of the server for a part of a page is told in the corner, and the page stays.
document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  say(page.body.textContent.trim(), "bad");
});
document.addEventListener("htmx:sendError", () =>
  say(document.getElementById("messages").dataset.away, "bad"));

// A menu closes when something else is touched, and by Escape.
const open = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
// Single keys are switched off by a box on any page for all of them (WCAG 2.1.4).
const KEYS = "nightshift.keys";
const root = document.documentElement;
export const keysOn = () => !root.classList.contains("no-keys");
function switchKeys(areOn) {
  root.classList.toggle("no-keys", !areOn);
  const box = document.getElementById("keys-on");
  if (box) box.checked = areOn;
}
document.addEventListener("change", (event) => {
  if (event.target.id !== "keys-on") return;
  switchKeys(event.target.checked);
  try {
    localStorage.setItem(KEYS, event.target.checked ? "on" : "off");
  } catch { /* a private window: it counts for this page */ }
});
try {
  switchKeys(localStorage.getItem(KEYS) !== "off");
} catch { /* they are on */ }

// "/" goes to the search field, as elsewhere.
document.addEventListener("keydown", (event) => {
  if (!keysOn() || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  document.getElementById("q")?.focus();
});
