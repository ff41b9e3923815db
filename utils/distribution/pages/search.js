// The search of a site without a server: its index is a script that is loaded when it is needed.
"use strict";
(() => {
  const form = document.getElementById("search"), query = document.getElementById("query");
  const found = document.getElementById("found"), all = document.getElementById("all");
  const told = document.getElementById("told"), results = document.getElementById("results");
  const version = document.currentScript.dataset.version;
  const MOST = 100, MOST_LINES = 3;
  let entries = null, loading = null, wait = 0;

  // Letters without case and accents; what joins or breaks words unseen does not count. Signs of
  // scripts such as Khmer stay: they are letters there.
  function fold(text) {
    return text.normalize("NFKD").toLowerCase()
      .replace(/[\u00ad\u0300-\u036f\u064b-\u065f\u0670\u200b-\u200f\u2060]/g, "");
  }

  function load() {
    loading ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `search-index.js?v=${version}`; // another index is another address to a cache
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    }).then(() => {
      entries = window.nightshiftIndex.map((one) => ({
        ...one,
        title: fold(`${one.t} ${one.a}`),
        text: fold(`${one.t} ${one.a} ${one.x} ${one.s.map((line) => line[1]).join(" ")}`),
      }));
    });
    return loading;
  }

  function made(name, text, attributes = {}) {
    const element = document.createElement(name);
    if (text !== null) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  // A text with what was looked for marked; where letters were folded away nothing is.
  function marked(text, terms) {
    const span = made("span", null, { dir: "auto" }), lower = text.toLowerCase();
    let from = 0;
    while (lower.length === text.length) {
      const next = terms.map((term) => [lower.indexOf(term, from), term.length])
        .filter(([at, length]) => at >= 0 && length).sort((a, b) => a[0] - b[0])[0];
      if (!next) break;
      span.append(text.slice(from, next[0]), made("mark", text.slice(next[0], next[0] + next[1])));
      from = next[0] + next[1];
    }
    span.append(text.slice(from));
    return span;
  }

  function clock(seconds) {
    const whole = Math.floor(seconds), two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  }

  function shown(one, terms, raw) {
    const item = made("li", null), link = made("a", null, { href: one.u });
    link.append(marked(one.t, raw));
    item.append(link, made("span", `${one.a ? ` · ${one.a}` : ""} · ${one.d}`, { class: "soft" }));
    const list = made("ul", null);
    for (const [start, text] of one.s) {
      if (list.childElementCount === MOST_LINES) break;
      const folded = fold(text);
      if (!terms.some((term) => folded.includes(term))) continue;
      const line = made("li", null);
      line.append(made("a", clock(start), { class: "time", href: `${one.u}#t=${start}` }), marked(text, raw));
      list.append(line);
    }
    if (list.childElementCount) item.append(list);
    return item;
  }

  async function search() {
    const raw = query.value.trim(), terms = fold(raw).split(/\s+/).filter(Boolean);
    history.replaceState(null, "", raw ? `#q=${encodeURIComponent(raw)}` : "#");
    found.hidden = !terms.length;
    all.hidden = Boolean(terms.length);
    if (!terms.length) return;
    try { await load(); } catch { told.textContent = "The search index could not be loaded."; return; }
    if (raw !== query.value.trim()) return;
    const hits = entries.filter((one) => terms.every((term) => one.text.includes(term)));
    const isFirst = (one) => terms.every((term) => one.title.includes(term));
    const sorted = [...hits.filter(isFirst), ...hits.filter((one) => !isFirst(one))];
    const cut = entries.some((one) => one.c);
    told.textContent = `${hits.length} ${hits.length === 1 ? "item" : "items"} found`
      + (hits.length > MOST ? `, the first ${MOST} are shown` : "")
      + (cut ? ". Of the longest transcripts only the beginning is searched." : ".");
    const plain = raw.toLowerCase().split(/\s+/).filter(Boolean);
    results.replaceChildren(...sorted.slice(0, MOST).map((one) => shown(one, terms, plain)));
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  query.addEventListener("focus", () => { load().catch(() => {}); }, { once: true });
  query.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(search, 120); });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query) {
      query.value = "";
      search();
    }
  });
  const asked = /^#q=(.+)$/.exec(location.hash);
  if (asked) {
    try { query.value = decodeURIComponent(asked[1]); } catch { return; }
    search();
  }
})();
