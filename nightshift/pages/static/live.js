// What changes by itself: one stream of events says that something changed, and the part of the
// page that shows it is fetched again, once a second at most. A hidden page is not followed.
// The instance that the page has loaded: by another address it would run a second time.
const { say } = await import(document.querySelector('script[src*="/static/page.js"]').src);

const part = document.querySelector("[data-live]");
const notLive = document.getElementById("not-live");
const LEAST_MS = 1000, AGAIN_MS = 10000;
let events = null, asked = 0, timer = 0, busy = false, again = 0;

function later() {
  if (timer || busy) { later.wanted = true; return; }
  timer = setTimeout(refresh, Math.max(100, asked + LEAST_MS - Date.now()));
}

async function refresh() {
  timer = 0; busy = true; later.wanted = false; asked = Date.now();
  const hadFocus = part.contains(document.activeElement);
  try {
    await htmx.ajax("GET", part.dataset.live, { target: part, swap: "innerHTML" });
  } catch { /* the next change asks again */ }
  if (hadFocus && !part.contains(document.activeElement)) part.focus();
  tell();
  busy = false;
  if (later.wanted) later();
}

// Screen readers are told what begins and ends, and not each percent.
function tell() {
  const state = document.getElementById("live-state");
  const said = part.querySelector("[data-say]")?.textContent.trim();
  if (state && said && state.dataset.said !== said) {
    if (state.dataset.said) {
      state.textContent = said;
      renew();
    }
    state.dataset.said = said;
  }
}

// A run began or ended: what else the page tells of runs is fetched again, but not under somebody's
// hands.
function renew() {
  for (const told of document.querySelectorAll("[data-of-runs]")) {
    if (told.contains(document.activeElement)) continue;
    const select = `#${told.id}`;
    htmx.ajax("GET", location.href, { source: told, target: told, select, swap: "outerHTML" });
  }
}

function follow() {
  clearTimeout(again);
  if (events || document.hidden) return;
  events = new EventSource(part.dataset.events);
  events.onopen = () => { if (notLive) notLive.hidden = true; later(); };
  events.addEventListener("change", later);
  events.onerror = () => {
    if (notLive) notLive.hidden = false;
    if (events.readyState !== EventSource.CLOSED) return; // it tries again by itself
    leave();
    again = setTimeout(follow, AGAIN_MS);
  };
}

function leave() {
  events?.close();
  events = null;
}

if (part) {
  tell();
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", follow);
  follow();
}

// What a form of ours did is said in the corner, and shown at once.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.("form[data-done]") || !event.detail.successful) return;
  const told = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  say(told.body.textContent.trim());
  const menu = form.closest("details.menu");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  if (form.dataset.done) form.closest("li")?.remove();
  if (part) later();
});
