"use strict";
// Plays the page's film or song: by hls.js where it can, else by the browser itself.
(function () {
  var player = document.getElementById("player");
  var trouble = document.getElementById("trouble");
  var source = player.dataset.source;

  function say(text) {
    trouble.textContent = text;
    trouble.hidden = false;
  }

  function seek() {
    var asked = /^#t=(\d+(\.\d+)?)$/.exec(location.hash);
    if (asked) {
      player.currentTime = Number(asked[1]);
    }
  }

  if (window.Hls && Hls.isSupported()) {
    // No worker: it would be made of a blob, which the page's own rules forbid.
    var hls = new Hls({ enableWorker: false, capLevelToPlayerSize: true });
    var recovered = false;
    hls.on(Hls.Events.ERROR, function (event, error) {
      if (!error.fatal) {
        return;
      }
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      say("This can't be played: " + error.details + ".");
    });
    hls.loadSource(source);
    hls.attachMedia(player);
  } else if (player.canPlayType("application/vnd.apple.mpegurl")) {
    // The browser shows the subtitles that the playlist names.
    player.querySelectorAll("track").forEach(function (track) { track.remove(); });
    player.src = source;
  } else {
    say("This browser plays no HLS.");
  }

  addEventListener("hashchange", seek);
  player.addEventListener("loadedmetadata", seek);
})();
