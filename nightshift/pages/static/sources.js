// The form of a source shows what its kind asks for; all of it without this script.
const kind = document.getElementById("f-kind");
const url = document.getElementById("f-url");
const schedule = document.getElementById("f-schedule");

function told() {
  const text = url.value.trim().toLowerCase();
  if (kind.value || !text) return kind.value;
  if (/^(s3|s3a|az|abfs|abfss|gs|gcs):\/\//.test(text)) return "bucket";
  if (!/^https?:\/\//.test(text)) return "folder";
  return /\.(xml|rss|atom)$|\/feed\/?$/.test(text) ? "feed" : "youtube";
}

function show() {
  const is = told();
  for (const part of document.querySelectorAll("[data-kinds]")) {
    part.hidden = Boolean(is) && !part.dataset.kinds.split(" ").includes(is);
  }
  document.querySelector('[data-field="own_schedule"]').hidden = schedule.value !== "own";
}

for (const one of [kind, url, schedule]) one.addEventListener("input", show);
show();
