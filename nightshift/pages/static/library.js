// The library: more as one scrolls, an address for each place, selection by mouse and keyboard.
document.documentElement.classList.add("js");

// Sorting takes effect at once.
document.querySelector("[data-sort] select")?.addEventListener("change", (event) => {
  event.target.form.requestSubmit();
});

// What is not filled in says nothing: it is no part of the address.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.elements) if (!field.value && field.name) field.disabled = true;
});
// Who comes back by the browser's button finds the fields as they were, not switched off.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form [name]:disabled")) field.disabled = false;
});

// More is fetched before one is there.
const near = new IntersectionObserver((seen) => {
  for (const one of seen) if (one.isIntersecting) htmx.trigger(one.target, "near");
}, { rootMargin: "1500px" });
const watch = () => document.querySelectorAll("[data-more]").forEach((one) => near.observe(one));
watch();
document.addEventListener("htmx:afterSettle", () => { watch(); trim(!wasBegin); });

// Of a part that replaced the link, the first item takes the focus that the link had.
document.addEventListener("htmx:beforeSwap", (event) => {
  const link = event.detail.requestConfig?.elt;
  if (!link?.matches?.(".more a") || document.activeElement !== link) return;
  const before = link.closest(".more").previousElementSibling;
  document.addEventListener("htmx:afterSettle", () => {
    const first = before ? before.nextElementSibling : document.querySelector("[data-items]").firstElementChild;
    first?.querySelector("a")?.focus({ preventScroll: true });
  }, { once: true });
});

// The address bar has the place that one looks at, so that it can be passed on and come back to.
const list = document.querySelector("[data-items]");
const key = `place:${location.pathname}`;
let resting;
addEventListener("scroll", () => {
  clearTimeout(resting);
  resting = setTimeout(note, 250);
}, { passive: true });

function note() {
  if (!list) return;
  let here = null;
  for (const one of list.querySelectorAll("[data-start]")) {
    if (one.getBoundingClientRect().top > innerHeight / 2) break;
    here = one;
  }
  if (!here) return;
  const address = new URL(location.href);
  address.searchParams.delete("until");
  if (here.dataset.start) address.searchParams.set("cursor", here.dataset.start);
  else address.searchParams.delete("cursor");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

list?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-item]");
  if (!link) return;
  note();
  sessionStorage.setItem(key, JSON.stringify([location.href, link.dataset.item]));
});

// Back from an item: to where it stands in the list.
const kind = performance.getEntriesByType("navigation")[0]?.type;
if (list && kind === "back_forward") {
  const [address, item] = JSON.parse(sessionStorage.getItem(key) ?? "[]");
  if (address === location.href) returnTo(item, 3);
}

function returnTo(item, tries) {
  const link = list.querySelector(`[data-item="${CSS.escape(item)}"]`);
  if (link) {
    history.scrollRestoration = "manual";
    link.scrollIntoView({ block: "center" });
    link.focus({ preventScroll: true });
    return;
  }
  const more = list.querySelector("[data-more]");
  if (!more || !tries) return;
  document.addEventListener("htmx:afterSettle", () => returnTo(item, tries - 1), { once: true });
  htmx.trigger(more, "near");
}

// Of a long list only some parts stay in the page, those around what is seen: thousands of tiles
// take hundreds of megabytes. What went is fetched again where one goes back to it.
const MOST_PARTS = 15;

function trim(atBegin) {
  if (!list) return;
  const starts = [...list.querySelectorAll("[data-start]")];
  if (starts.length <= MOST_PARTS) return;
  const first = atBegin ? firstLeft(starts) : starts[MOST_PARTS];
  if (!first) return;
  const all = [...list.children];
  const going = atBegin ? all.slice(0, all.indexOf(first)) : all.slice(all.indexOf(first));
  if (going.some((one) => one.querySelector(".pick:checked"))) return;
  const top = first.getBoundingClientRect().top;
  for (const one of going) one.remove();
  if (atBegin) list.prepend(linkTo("until", first.dataset.start, list.dataset.earlier));
  else list.append(linkTo("cursor", first.dataset.start, list.dataset.later));
  if (atBegin) scrollBy({ top: first.getBoundingClientRect().top - top, behavior: "instant" });
  watch();
}

// The first part that stays begins a row of the grid, or all tiles behind it would move.
function firstLeft(starts) {
  const columns = list.matches(".grid") ? getComputedStyle(list).gridTemplateColumns.split(" ").length : 1;
  const tiles = [...list.children].filter((one) => !one.matches(".more"));
  const places = starts.slice(starts.length - MOST_PARTS, -4);
  return places.find((one) => tiles.indexOf(one) % columns === 0);
}

function linkTo(way, cursor, label) {
  const address = new URL(location.href);
  for (const name of ["cursor", "until"]) address.searchParams.delete(name);
  address.searchParams.set(way, cursor);
  const link = document.createElement("a");
  link.className = "button";
  link.href = address;
  link.textContent = label;
  for (const [name, value] of [["hx-get", address], ["hx-trigger", "near, click"], ["hx-target", "closest .more"], ["hx-swap", "outerHTML"], ["data-more", ""]]) link.setAttribute(name, value);
  const row = document.createElement(list.matches("tbody") ? "tr" : "li");
  row.className = "more";
  const cell = row.localName === "tr" ? row.appendChild(document.createElement("td")) : row;
  if (cell !== row) cell.colSpan = 10;
  cell.append(link);
  htmx.process(row);
  return row;
}

let wasBegin = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const row = event.detail.requestConfig?.elt?.closest?.(".more");
  wasBegin = Boolean(row) && row === list?.firstElementChild;
});

// Selection.
const form = document.getElementById("selection");
const count = document.getElementById("selected-count");
const boxes = () => [...form.querySelectorAll(".pick")];
let last = null;

function tell() {
  const number = form.querySelectorAll(".pick:checked").length;
  count.textContent = number ? (count.dataset.words ?? "#").replace("#", number) : "";
}

form?.addEventListener("click", (event) => {
  const box = event.target.closest(".pick");
  if (!box) return;
  if (event.shiftKey && last) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(Math.max(0, from), to + 1)) one.checked = box.checked;
  }
  last = box;
  tell();
});
form?.querySelector("[data-select-all]").addEventListener("click", () => select(true));
form?.querySelector("[data-select-none]").addEventListener("click", () => select(false));
form?.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && form.querySelector(".pick:checked")) select(false);
});
addEventListener("pageshow", () => form && tell());

function select(all) {
  for (const one of boxes()) one.checked = all;
  tell();
  if (!all) form.querySelector(".pick")?.focus({ preventScroll: true });
}
