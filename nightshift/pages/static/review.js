// The review queue by keys: shows one item after the other, plays evidence, decides, undoes.
// A key or a click that was made before the item was to be seen decides nothing.
// The instance that the page has loaded: by another address it would run a second time.
const shared = document.querySelector('script[src*="/static/page.js"]').src;
const { keysOn, path, post, say } = await import(shared);

const SETTLE = 350; // ms that an item is to be seen before it can be decided
const TOLD = 12000; // ms that a message stays
const root = document.querySelector("[data-review]");
const list = root.querySelector("[data-list]");
const help = document.getElementById("help");
const words = root.dataset;
const ahead = new Map(); // id → what will be shown, loading or loaded
let open = root.querySelector("[data-case]");
let busy = false;
let readyAt = Infinity;

/* What was decided here, for undo; it outlives a reload, not the tab. */
const made = {
  all: () => JSON.parse(sessionStorage.getItem("nightshift.review.made") ?? "[]"),
  keep: (rows) => sessionStorage.setItem("nightshift.review.made", JSON.stringify(rows.slice(-200))),
};


const rowOf = (id) => list.querySelector(`[data-row="${CSS.escape(id)}"]`);
const beside = (id, step) => rowOf(id)?.[step < 0 ? "previousElementSibling" : "nextElementSibling"]?.dataset.row;

async function parsed(place) {
  const answer = await fetch(path(place), { headers: { "HX-Request": "true" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) throw new Error(page.body.textContent.trim() || answer.statusText);
  return page.body;
}

function load(id) {
  if (!ahead.has(id)) {
    const coming = parsed(words.items.replace("/ID", `/${id}`)).then((body) => body.querySelector("[data-case]"));
    coming.catch(() => ahead.delete(id));
    ahead.set(id, coming);
  }
  return ahead.get(id);
}

/* Rows behind the last one that is listed, once it comes near. */
async function more(id) {
  const body = await parsed(`${words.rows}${words.rows.includes("?") ? "&" : "?"}at=${id}`);
  for (const row of body.querySelectorAll("[data-row]")) if (!rowOf(row.dataset.row)) list.append(document.importNode(row, true));
}

function place(id) {
  return `${words.review}${words.review.includes("?") ? "&" : "?"}at=${id}`;
}

async function show(id) {
  hold();
  try {
    const fresh = document.importNode(await load(id), true);
    ahead.clear();
    open.replaceWith(fresh);
    open = fresh;
    history.replaceState(null, "", path(place(id)));
    for (const link of list.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
    rowOf(id)?.querySelector("a").setAttribute("aria-current", "true");
    rowOf(id)?.scrollIntoView({ block: "nearest" });
    window.scrollTo({ top: 0 });
    open.focus({ preventScroll: true });
    prepare();
    ready(open);
  } finally {
    release();
  }
}

/* What an item needs to be worked with, and the next one is fetched. */
function prepare() {
  for (const one of open.querySelectorAll("[data-reason], [data-do=undo]")) one.hidden = false;
  const id = open.dataset.case;
  for (const [step, name] of [[-1, "previous"], [1, "next"]]) {
    const link = root.querySelector(`[data-do=${name}]`);
    const other = beside(id, step);
    if (other) link.href = path(place(other)); else link.removeAttribute("href");
    link.toggleAttribute("aria-disabled", false);
    if (other) link.removeAttribute("aria-disabled"); else link.setAttribute("aria-disabled", "true");
  }
  const next = beside(id, 1);
  if (next) load(next).then((fresh) => {
    const poster = fresh.querySelector("video")?.getAttribute("poster");
    if (poster) new Image().src = poster;
  }, () => {});
  const last = list.lastElementChild?.dataset.row;
  if (last && last !== id && !beside(beside(id, 1) ?? last, 1)) more(last).catch(() => {});
}

function hold() { busy = true; root.setAttribute("aria-busy", "true"); }
function release() { busy = false; root.removeAttribute("aria-busy"); }
const tooSoon = (event) => busy || event.timeStamp < readyAt;

/* From when on an item may be decided: it was painted, and there was time to see that it is new. */
async function ready(item) {
  readyAt = Infinity;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await new Promise((done) => setTimeout(done, SETTLE));
  if (item !== open) return;
  readyAt = performance.now();
  item.dataset.ready = "";
}

function go(step) {
  if (busy) return;
  const other = beside(open.dataset.case, step);
  if (other) show(other).catch(tell);
  else say(step < 0 ? words.first : words.last);
}

const tell = (error) => say(error instanceof TypeError ? words.failed : error.message, "bad");

function count(change) {
  const left = document.getElementById("left");
  const number = Math.max(0, Number(left.dataset.left) + change);
  left.dataset.left = number;
  const said = number === 1 ? words.waitsOne : words.waitsMany;
  left.textContent = said.replace("#", new Intl.NumberFormat(document.documentElement.lang).format(number));
}

/* What was decided; it goes after a while, the button and the key that undo it stay. */
function announce(body) {
  for (const old of document.querySelectorAll("#messages .done-message, .notice")) old.remove();
  const line = document.createElement("div");
  line.className = "message done-message";
  line.append(document.importNode(body.querySelector("[data-done]"), true));
  document.getElementById("messages").append(line);
  setTimeout(function go() {
    if (line.matches(":hover, :focus-within")) setTimeout(go, TOLD);
    else line.remove();
  }, TOLD);
}

async function decide(form) {
  const id = open.dataset.case;
  const problem = open.querySelector("[data-problem]");
  problem.hidden = true;
  hold();
  try {
    const answer = await post(`/items/${id}/review`, new FormData(form));
    const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    made.keep([...made.all(), { review: body.querySelector("[data-done]").dataset.done, item: id }]);
    announce(body);
    const next = beside(id, 1) ?? beside(id, -1);
    rowOf(id)?.remove();
    count(-1);
    if (next) await show(next);
    else location.assign(path(words.review));
  } catch (error) {
    problem.textContent = error instanceof TypeError ? words.failed : error.message;
    problem.hidden = false;
  } finally {
    release();
  }
}

async function undo(number) {
  const rows = made.all();
  const review = number ?? rows.at(-1)?.review;
  if (busy) return;
  if (!review) { say(words.undoneNone); return; }
  hold();
  try {
    const answer = await post(`/reviews/${review}/undo`);
    const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    const id = body.querySelector("[data-done]").dataset.item;
    made.keep(rows.filter((one) => one.review !== review));
    announce(body);
    ahead.clear();
    if (!rowOf(id)) {
      const body2 = await parsed(`${words.rows}${words.rows.includes("?") ? "&" : "?"}at=${id}`);
      const row = body2.querySelector(`[data-row="${CSS.escape(id)}"]`);
      if (row) { rowOf(open.dataset.case)?.before(document.importNode(row, true)); count(1); }
    }
    await show(id);
  } catch (error) {
    if (!(error instanceof TypeError)) made.keep(rows.filter((one) => one.review !== review));
    tell(error);
  } finally {
    release();
  }
}

/* Playing a part: from a second to a second, in the player above. */
let until = null;
function play(button) {
  const media = open.querySelector("video, audio");
  if (!media) return false;
  for (const other of open.querySelectorAll("[data-playing]")) delete other.dataset.playing;
  button.dataset.playing = "";
  until = { media, at: Number(button.dataset.until), button };
  const begin = () => { media.currentTime = Number(button.dataset.play); media.play().catch(() => {}); };
  if (media.readyState > 0) begin(); else media.addEventListener("loadedmetadata", begin, { once: true });
  if (media.readyState === 0) media.load();
  return true;
}
document.addEventListener("timeupdate", (event) => {
  if (until?.media !== event.target || event.target.currentTime < until.at) return;
  event.target.pause();
  delete until.button.dataset.playing;
  until = null;
}, true);

function toggle() {
  const media = open.querySelector("video, audio");
  if (!media) return;
  if (media.paused) { until = null; media.play().catch(() => {}); } else media.pause();
}

function unfold(key) {
  const form = open.querySelector(`[data-form="${key}"]`);
  if (!form) return;
  form.open = true;
  form.querySelector("input:not([type=hidden]), select, textarea").focus();
}

const KEYS = {
  a: () => open.querySelector('[data-decide="a"]')?.requestSubmit(),
  r: () => unfold("r"), v: () => unfold("v"), u: () => undo(),
  j: () => go(1), k: () => go(-1), " ": toggle, "?": () => help.showModal(),
};
const DECIDING = new Set(["a", "r", "v", "u"]);
let byKey = null; // the key press that a submit comes from

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { fold(event); return; }
  if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!(key in KEYS) || (event.shiftKey && key !== "?")) return;
  if (key === " " && event.target.closest("a, button, summary, video, audio")) return; // its own
  event.preventDefault();
  if (event.repeat) return; // a key that is held is one press
  if (DECIDING.has(key) && tooSoon(event)) { say(words.tooSoon); return; }
  byKey = event;
  KEYS[key]();
  byKey = null;
});

/* Escape closes a form, and the focus goes back to what opened it. */
function fold(event) {
  const form = event.target.closest?.("[data-form][open]") ?? open?.querySelector("[data-form][open]");
  if (!form || help.open) return;
  form.open = false;
  form.querySelector("summary").focus();
}

root.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-decide]")) return;
  event.preventDefault();
  if (tooSoon(byKey ?? event)) say(words.tooSoon);
  else decide(form);
});
document.addEventListener("submit", (event) => {
  const number = event.target.dataset.undo;
  if (!number || !open) return;
  event.preventDefault();
  undo(number);
});
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const part = event.target.closest("[data-play]");
  if (part && open?.contains(part) && play(part)) event.preventDefault();
  const reason = event.target.closest("[data-reason]");
  if (reason) {
    const field = reason.closest("form").querySelector("[name=reason]");
    field.value = reason.dataset.reason;
    field.focus();
  }
  const row = event.target.closest("[data-row] a");
  if (row && list.contains(row) && open) { event.preventDefault(); if (!busy) show(row.closest("[data-row]").dataset.row).catch(tell); }
  const act = event.target.closest("[data-do]")?.dataset.do;
  if (!act) return;
  event.preventDefault();
  if (act === "help") help.showModal();
  if (act === "undo") undo();
  if (act === "next") go(1);
  if (act === "previous") go(-1);
});
const isWide = matchMedia("(min-width: 48rem)").matches;
document.getElementById("queue").open = isWide;
if (open) {
  for (const one of document.querySelectorAll(".page-head [data-do=help]")) one.hidden = false;
  prepare();
  ready(open);
}
