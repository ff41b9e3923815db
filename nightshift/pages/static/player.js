// The player of an item: where it begins, keys, speed, chapters, the wave of a sound, zoom of a picture.
const player = document.getElementById("player");
const media = document.getElementById("media");
const stored = (name, value) => {
  // Private windows have no store: nothing is kept then, and everything else works.
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch { /* nothing is kept */ }
  return null;
};
const PLACES = "nightshift.places";
const MOST_PLACES = 300;
const places = () => { try { return JSON.parse(stored(PLACES)) ?? {}; } catch { return {}; } };

/** Go to a time; what was asked for before the file is known counts once it is. */
function seek(seconds, play = false) {
  const go = () => {
    media.currentTime = Math.max(0, Math.min(seconds, media.duration || seconds));
    if (play) media.play().catch(() => {});
  };
  if (media.readyState >= 1) go();
  else media.addEventListener("loadedmetadata", go, { once: true });
}

// Anything on the page that names a time plays from there: chapters, shots, lines.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-seek]");
  if (!link || !media || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  seek(Number(link.dataset.seek), true);
  if (!player.contains(link)) player.scrollIntoView({ block: "nearest" });
});
document.addEventListener("nightshift:seek", (event) => { if (media) seek(event.detail, true); });

function begin() {
  const asked = player.dataset.start;
  const before = places()[player.dataset.item];
  // A click on one of our pages plays from there; an address from elsewhere, or a reload, only goes there.
  const isClicked = document.referrer.startsWith(`${location.origin}/`) && performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (asked !== undefined) seek(Number(asked), isClicked);
  else if (before) seek(before);
  let last = 0;
  const keep = () => {
    const all = places();
    delete all[player.dataset.item];
    const rest = media.duration - media.currentTime;
    if (media.currentTime > 5 && !(rest < Math.min(10, media.duration / 20))) all[player.dataset.item] = Math.floor(media.currentTime);
    const names = Object.keys(all);
    for (const name of names.slice(0, Math.max(0, names.length - MOST_PLACES))) delete all[name];
    stored(PLACES, JSON.stringify(all));
  };
  media.addEventListener("timeupdate", () => {
    if (Math.abs(media.currentTime - last) < 5) return;
    last = media.currentTime;
    keep();
  });
  for (const name of ["pause", "ended"]) media.addEventListener(name, keep);
}

// None of the files plays here: said, with the way out.
function complain() {
  const unplayable = document.getElementById("unplayable");
  const look = () => {
    unplayable.hidden = media.readyState > 0 || media.networkState !== HTMLMediaElement.NETWORK_NO_SOURCE;
  };
  // A browser says "no source" also while it looks for one: later is sure.
  media.addEventListener("error", () => setTimeout(look, 200), true);
  media.addEventListener("loadedmetadata", look);
  setTimeout(look, 3000);
}

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const speed = document.getElementById("speed");
function setSpeed(value) {
  media.playbackRate = value;
  speed.value = String(value);
}
function nextSpeed(step) {
  const at = SPEEDS.findIndex((one) => one >= media.playbackRate);
  setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? 2 : at) + step))]);
}

function toggleCaptions() {
  const tracks = [...media.textTracks];
  const isShown = tracks.some((one) => one.mode === "showing");
  const own = document.documentElement.lang;
  const first = tracks.find((one) => one.language === own) ?? tracks[0];
  for (const one of tracks) one.mode = !isShown && one === first ? "showing" : "disabled";
}

const toggle = () => (media.paused ? media.play().catch(() => {}) : media.pause());
const KEYS = {
  " ": toggle, k: toggle,
  j: () => seek(media.currentTime - 10), l: () => seek(media.currentTime + 10),
  ArrowLeft: () => seek(media.currentTime - 5), ArrowRight: () => seek(media.currentTime + 5),
  m: () => { media.muted = !media.muted; }, c: toggleCaptions,
  f: () => (document.fullscreenElement ? document.exitFullscreen() : media.requestFullscreen?.()),
  "<": () => nextSpeed(-1), ">": () => nextSpeed(1),
};

// Keys are for the page, not for fields, menus and buttons; and one can turn them off (WCAG 2.1.4).
function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.documentElement.classList.contains("no-keys") || document.querySelector("dialog[open]")) return;
  const target = event.target;
  if (target.closest("input, textarea, select, [contenteditable], .menu[open]")) return;
  if (event.key === " " && target.closest("a, button, summary")) return;
  let act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (/^[0-9]$/.test(event.key) && media.duration) act = () => seek((media.duration * Number(event.key)) / 10);
  if (!act) return;
  event.preventDefault();
  act();
}

function followChapters() {
  const links = [...document.querySelectorAll(".chapters [data-seek]")];
  if (!links.length) return;
  media.addEventListener("timeupdate", () => {
    const now = links.findLast((one) => Number(one.dataset.seek) <= media.currentTime + 0.05);
    for (const one of links) {
      if (one === now) one.parentElement.setAttribute("aria-current", "true");
      else one.parentElement.removeAttribute("aria-current");
    }
  });
}

// The wave of a sound: its levels come from the server, so that nothing is decoded here.
async function drawWave(box, tries = 6) {
  const answer = await fetch(player.dataset.peaks).catch(() => null);
  if (answer?.status === 503 && tries > 1) {
    setTimeout(() => drawWave(box, tries - 1), 1000 * Number(answer.headers.get("retry-after") ?? 5));
    return;
  }
  const peaks = answer?.ok ? (await answer.json()).peaks : null;
  const length = Number(player.dataset.length) || media.duration;
  if (!peaks?.length || !length || !window.WaveSurfer) return;
  box.hidden = false;
  const colours = () => {
    const probe = document.createElement("i");
    const resolved = (name) => {
      probe.style.color = `var(${name})`;
      box.append(probe);
      const found = getComputedStyle(probe).color;
      probe.remove();
      return found;
    };
    return { waveColor: resolved("--edge"), progressColor: resolved("--accent"), cursorColor: resolved("--ink") };
  };
  const wave = window.WaveSurfer.create({
    container: box, media, peaks: [peaks], duration: length, height: 96, barWidth: 2, barGap: 1, barRadius: 2,
    normalize: true, dragToSeek: true, hideScrollbar: true, cspNonce: player.dataset.nonce, ...colours(),
  });
  const again = () => wave.setOptions(colours());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

if (media) {
  begin();
  complain();
  followChapters();
  speed.addEventListener("change", () => setSpeed(Number(speed.value)));
  document.addEventListener("keydown", onKey);
  const box = document.getElementById("wave");
  if (box) drawWave(box);
}

// A picture: a click shows it in its own size, another as a whole again.
const picture = document.getElementById("picture");
picture?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const shown = picture.querySelector("img");
  if (!picture.classList.contains("full")) {
    shown.removeAttribute("srcset");
    shown.src = picture.href;
  }
  picture.classList.toggle("full");
});

// The tabs below, without leaving what plays.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "tab") return;
  if (!event.detail.requestConfig.elt.matches("#tabs a")) return;
  for (const one of document.querySelectorAll("#tabs a")) one.removeAttribute("aria-current");
  event.detail.requestConfig.elt.setAttribute("aria-current", "page");
});
