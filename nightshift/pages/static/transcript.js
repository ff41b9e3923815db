// The transcript beside a player: follows it, leads it, and is corrected in place.
// The instance that the page has loaded: by another address it would run a second time.
const { say } = await import(document.querySelector('script[src*="/static/page.js"]').src);

const box = document.getElementById("transcript");
const media = document.getElementById("media");
const lines = document.getElementById("lines");
const follow = document.getElementById("follow");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let rows = [];
let starts = [];
let now = null;
let words = {}; // of lines by their numbers: when each word begins, and its length
const loaded = new Set();

const numberOf = (row) => Number(row.id.slice(1));
const seek = (seconds) => document.dispatchEvent(new CustomEvent("nightshift:seek", { detail: seconds }));

function index() {
  rows = [...lines.querySelectorAll("li[data-s]")];
  starts = rows.map((row) => Number(row.dataset.s));
  now = null;
  show();
}

/** The line that is heard at a time, or was last; -1 before the first. */
function at(seconds) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= seconds + 0.02) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function show() {
  if (!media) return;
  const found = at(media.currentTime);
  const row = rows[found];
  if (row !== now) {
    now?.removeAttribute("aria-current");
    now = row ?? null;
    row?.setAttribute("aria-current", "true");
    if (row) loadWords(numberOf(row));
    if (row && follow.checked && !lines.querySelector(".editing, .naming")) bring(row);
  }
  if (row) showWord(row);
  const isBehind = found === rows.length - 1 && row && media.currentTime > Number(row.dataset.e);
  if (isBehind && follow.checked && !media.paused) lines.querySelector("li.more:last-child [data-part]")?.click();
}

// Only the box scrolls, never the page.
function bring(row) {
  const pane = lines.parentElement;
  const top = row.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
  pane.scrollTo({ top: top - pane.clientHeight / 3, behavior: calm.matches ? "auto" : "smooth" });
}

/** The times of words come once for each thousand lines, when they are first needed. */
async function loadWords(number) {
  const part = Math.floor(number / 1000) * 1000;
  if (loaded.has(part)) return;
  loaded.add(part);
  const answer = await fetch(`${box.dataset.words}?first=${part}`).catch(() => null);
  if (answer?.ok) words = { ...words, ...(await answer.json()) };
}

/** A line's words as elements of their own, once it is heard. */
function split(row) {
  const times = words[numberOf(row)];
  const text = row.querySelector("p");
  if (!times || !text || row.dataset.split || text.querySelector("mark")) return;
  const letters = [...text.textContent];
  if (times.reduce((sum, one) => sum + one[1], 0) !== letters.length) return;
  row.dataset.split = "yes";
  let from = 0;
  const made = times.map(([start, length]) => {
    const word = document.createElement("span");
    word.className = "word";
    word.dataset.w = start;
    word.textContent = letters.slice(from, from + length).join("");
    from += length;
    return word;
  });
  text.replaceChildren(...made);
}

function showWord(row) {
  split(row);
  let current = null;
  for (const word of row.querySelectorAll(".word")) if (Number(word.dataset.w) <= media.currentTime + 0.02) current = word;
  const before = lines.querySelector(".word.now");
  if (before === current) return;
  before?.classList.remove("now");
  current?.classList.add("now");
}

const get = (place, target, swap) => window.htmx.ajax("GET", place, { source: target, target, swap });

function openEdit(link) {
  const row = link.closest("li");
  get(`${box.dataset.lines}/${numberOf(row)}?edit=true`, row, "outerHTML");
}

function cancel(form) {
  if (form.classList.contains("naming")) {
    const label = form.previousElementSibling;
    form.remove();
    label.hidden = false;
    label.focus();
  } else {
    const row = form.closest("li");
    back = row.id;
    get(form.dataset.line, row, "outerHTML");
  }
}
let back = null; // the line that has the focus again once it is there
let named = null;

async function askName(label) {
  const asked = new URLSearchParams({
    label: label.textContent, line: numberOf(label.closest("li")), first: Math.max(0, numberOf(rows[0])),
  });
  const answer = await fetch(`${box.dataset.speakers}?${asked}`, { headers: { "HX-Request": "true" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) return say(page.body.textContent.trim());
  const form = page.querySelector("form");
  label.after(form);
  label.hidden = true;
  window.htmx.process(form);
  form.querySelector("[name=name]").select();
  return undefined;
}

lines?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target;
  const row = target.closest("li");
  const link = target.closest("a, button");
  if (target.closest("[data-cancel]")) {
    event.preventDefault();
    cancel(target.closest("form"));
  } else if (target.closest("[data-take]")) {
    const form = target.closest("form");
    form.elements.text.value = form.querySelector(".heard").textContent;
    form.elements.text.focus();
  } else if (link?.matches(".edit")) {
    event.preventDefault();
    openEdit(link);
  } else if (link?.matches(".who")) {
    event.preventDefault();
    askName(link);
  } else if (link?.dataset.part) {
    event.preventDefault();
    const field = document.getElementById("words");
    if (field) field.value = "";
    get(`${box.dataset.lines}?first=${link.dataset.part}`, lines, "innerHTML");
  } else if (row?.dataset.s && (!link || link.matches(".time")) && !target.closest("form")) {
    event.preventDefault();
    if (!link && String(getSelection())) return; // somebody marks words
    seek(Number(target.closest(".word")?.dataset.w ?? row.dataset.s));
  }
});

// From line to line by the arrows; Enter keeps, Escape cancels.
lines?.addEventListener("keydown", (event) => {
  const row = event.target.closest("li");
  const form = event.target.closest("form:not(.undo)");
  if (form && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    cancel(form);
  } else if (form && event.key === "Enter" && event.target.tagName === "TEXTAREA" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  } else if (!form && row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    next?.querySelector(".time")?.focus();
  } else if (!form && row && event.key === "e" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const link = row.querySelector(".edit");
    if (!link) return;
    event.preventDefault();
    openEdit(link);
  }
});

// What was changed meanwhile is shown in the line itself, though the answer is an error.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 409 || !lines.contains(event.detail.target)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches?.(".naming")) named = `l${form.dataset.line}`;
  else if (lines?.contains(form) && form.matches("form")) back = form.closest("li").id;
});
document.addEventListener("htmx:afterSettle", () => {
  if (!lines) return;
  index();
  const row = document.getElementById(named ?? back ?? "");
  if (row && !row.querySelector("textarea")) {
    row.querySelector(named ? ".who" : ".edit")?.focus();
    named = back = null;
  }
});

document.getElementById("copy")?.addEventListener("click", async () => {
  const text = rows.map((row) => row.querySelector("p")?.textContent ?? "").join("\n");
  await navigator.clipboard.writeText(text);
  say(box.dataset.copied);
});

if (box) {
  for (const one of box.querySelectorAll(".scripted")) one.hidden = !media && one.contains(follow);
  index();
  media?.addEventListener("timeupdate", show);
  media?.addEventListener("seeked", async () => {
    // Another part of a long transcript comes when playback leads there.
    const time = media.currentTime;
    const isOutside = rows.length && (time < starts[0] - 1 || time > Number(rows.at(-1).dataset.e) + 1);
    if (isOutside && lines.querySelector("li.more [data-part]") && !document.getElementById("words").value) {
      await get(`${box.dataset.lines}?t=${time}`, lines, "innerHTML");
    }
    show();
  });
  // Whoever scrolls by hand looks for something: it does not jump away below their eyes.
  for (const name of ["wheel", "touchmove"]) {
    lines.parentElement.addEventListener(name, () => { follow.checked = false; }, { passive: true });
  }
}
