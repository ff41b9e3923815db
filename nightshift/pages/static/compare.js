// Two films, pictures or sounds at the same place in time, beside or over one another.
// Without it they are two players. What can be operated are buttons and sliders: keys work as ever.
const FAR = 0.08; // seconds that two players may differ before one is put right
const STEP = 5; // seconds of the keys J and L

function join(root) {
  if (root.dataset.joined) return;
  root.dataset.joined = "true";
  const [a, b] = root.querySelectorAll("video, audio, img");
  if (!a || !b) return;
  root.querySelector(".compare-tools").hidden = false;
  for (const one of [a, b]) watch(root, one);
  if ("timed" in root.dataset) together(root, a, b);
  if ("seen" in root.dataset) over(root);
}

/** Say how large a picture really is, and that a browser can't play it. */
function watch(root, one) {
  const words = one.closest("figure").querySelector("[data-size]");
  const tell = () => {
    const [width, height] = [one.videoWidth ?? one.naturalWidth, one.videoHeight ?? one.naturalHeight];
    if (width) words.textContent = `${width} × ${height}`;
  };
  const fail = () => (words.textContent = root.dataset.unplayable);
  one.addEventListener("loadedmetadata", tell);
  one.addEventListener("load", tell);
  one.addEventListener("error", fail);
  if (one.error || (one.complete && one.naturalWidth === 0)) fail();
  else tell();
}

function together(root, a, b) {
  const play = root.querySelector('[data-do="play"]');
  const hear = root.querySelector('[data-do="hear"]');
  const time = root.querySelector("[data-time]");
  let heard = a;
  const listen = (one) => {
    heard = one;
    a.muted = one !== a;
    b.muted = one !== b;
    hear.querySelector("span").textContent = one === a ? hear.dataset.hearA : hear.dataset.hearB;
  };
  const length = () => Math.min(...[a, b].map((one) => one.duration || Infinity));
  const go = (seconds) => {
    const end = length();
    const at = Math.max(0, end === Infinity ? seconds : Math.min(seconds, end));
    for (const one of [a, b]) if (Math.abs(one.currentTime - at) > 0.01) one.currentTime = at;
  };
  const toggle = () => (a.paused ? Promise.allSettled([a.play(), b.play()]) : a.pause());
  listen(a);
  play.addEventListener("click", toggle);
  hear.addEventListener("click", () => listen(heard === a ? b : a));
  time.addEventListener("input", () => length() < Infinity && go((time.value / time.max) * length()));
  a.addEventListener("play", () => b.play().catch(() => {}));
  b.addEventListener("play", () => a.paused && a.play().catch(() => {}));
  for (const [one, other] of [[a, b], [b, a]]) {
    one.addEventListener("pause", () => !one.ended && other.pause());
    one.addEventListener("seeked", () => {
      if (Math.abs(one.currentTime - other.currentTime) > FAR && one.currentTime <= (other.duration || 0))
        other.currentTime = one.currentTime;
    });
  }
  const show = () => play.setAttribute("aria-pressed", String(!a.paused));
  a.addEventListener("play", show);
  a.addEventListener("pause", show);
  a.addEventListener("timeupdate", () => {
    if (length() < Infinity) {
      time.value = (a.currentTime / length()) * time.max;
      time.setAttribute("aria-valuetext", `${a.currentTime.toFixed(1)} s`);
    }
    if (!a.paused && !b.seeking && Math.abs(a.currentTime - b.currentTime) > FAR) b.currentTime = a.currentTime;
  });
  // As in video tools: K plays, J and L go back and on; only while the focus is in here.
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input:not([type=range])")) return;
    const step = { j: -STEP, l: STEP }[event.key];
    if (step) go(a.currentTime + step);
    else if (event.key === "k") toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function over(root) {
  const button = root.querySelector('[data-do="wipe"]');
  const cut = root.querySelector("[data-cut]");
  const put = () => root.style.setProperty("--cut", `${cut.value}%`);
  button.addEventListener("click", () => {
    const is = root.classList.toggle("over");
    button.setAttribute("aria-pressed", String(is));
    cut.parentElement.hidden = !is;
    for (const film of root.querySelectorAll("video")) film.controls = !is;
    put();
  });
  cut.addEventListener("input", put);
}

const joinAll = (within) => within.querySelectorAll("[data-compare]").forEach(join);
joinAll(document);
document.addEventListener("htmx:load", (event) => joinAll(event.detail.elt));
