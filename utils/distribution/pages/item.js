// The player of a page: times that can be pressed, and the line that is being said.
"use strict";
(() => {
  const player = document.querySelector("video, audio");
  if (!player) return;
  const list = document.getElementById("lines");
  const lines = [...document.querySelectorAll("#lines > li")];
  const starts = lines.map((line) => Number(line.dataset.start));
  let current = -1;

  function seek(seconds, andPlay) {
    if (!Number.isFinite(seconds) || seconds < 0) return;
    const go = () => { player.currentTime = seconds; };
    if (player.readyState > 0) go(); else player.addEventListener("loadedmetadata", go, { once: true });
    if (andPlay) player.play().catch(() => {});
  }

  function fromAddress() {
    const found = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (found) seek(Number(found[1]), false);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-time]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    seek(Number(link.dataset.time), true);
  });

  // The last line that has begun; between two lines it is the one before.
  function at(seconds) {
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= seconds + 0.05) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  function follow() {
    const now = at(player.currentTime);
    if (now === current) return;
    if (current >= 0) lines[current].removeAttribute("aria-current");
    current = now;
    if (now < 0) return;
    lines[now].setAttribute("aria-current", "true");
    if (!list.contains(document.activeElement) && !list.matches(":hover")) {
      list.scrollTop = lines[now].offsetTop - list.clientHeight / 3;
    }
  }

  // Files that are opened without a server may not be read by a page: captions of its own lines.
  function captionHere() {
    const track = player.querySelector("track");
    if (location.protocol !== "file:" || !track || !window.VTTCue) return;
    const made = player.addTextTrack("captions", track.label, track.srclang);
    track.remove();
    for (const line of lines) {
      const start = Number(line.dataset.start), end = Number(line.dataset.end);
      const cue = new VTTCue(start, Math.max(end, start + 0.1), "");
      cue.text = line.querySelector("p").textContent.replace(/&/g, "&amp;").replace(/</g, "&lt;");
      made.addCue(cue);
    }
    made.mode = "showing";
  }

  if (lines.length) {
    player.addEventListener("timeupdate", follow);
    player.addEventListener("seeked", follow);
    captionHere();
  }
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
