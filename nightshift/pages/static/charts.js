// Plots that answer: what is pointed at is told beside it; by keyboard the arrows go from value to
// value. Without this script browsers show the same words as titles.
const MARKS = "rect, path, circle";

function tell(plot, mark) {
  const tip = plot.querySelector(".tip");
  plot.querySelector(".at")?.classList.remove("at");
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add("at");
  tip.textContent = mark.dataset.tip;
  const [around, at] = [plot.getBoundingClientRect(), mark.getBoundingClientRect()];
  const middle = at.left - around.left + at.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(0, Math.min(around.width - tip.offsetWidth, middle))}px`;
  const above = at.top - around.top - tip.offsetHeight - 6;
  tip.style.bottom = "auto";
  tip.style.top = `${Math.max(-tip.offsetHeight - 4, above)}px`;
}

function step(plot, marks, key) {
  const at = marks.findIndex((mark) => mark.classList.contains("at"));
  const wide = Number(plot.dataset.columns) || 1;
  const to = {
    ArrowRight: at + 1, ArrowLeft: at < 0 ? marks.length - 1 : at - 1, Home: 0, End: marks.length - 1,
    ArrowDown: wide > 1 ? at + wide : undefined, ArrowUp: wide > 1 ? at - wide : undefined,
  }[key];
  return to === undefined ? undefined : marks[Math.max(0, Math.min(marks.length - 1, to))];
}

function start(plot) {
  const marks = [];
  for (const mark of plot.querySelectorAll(MARKS)) {
    const title = mark.querySelector("title");
    if (!title) continue;
    mark.dataset.tip = title.textContent;
    title.remove();
    marks.push(mark);
  }
  const pointed = (event) => tell(plot, event.target.closest("[data-tip]"));
  plot.addEventListener("pointermove", pointed);
  plot.addEventListener("pointerdown", pointed);
  plot.addEventListener("pointerleave", () => tell(plot));
  plot.addEventListener("blur", () => tell(plot));
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return tell(plot);
    const mark = step(plot, marks, event.key);
    if (!mark) return;
    event.preventDefault();
    tell(plot, mark);
  });
}

const begin = (root) => {
  for (const plot of root.querySelectorAll(".plot:not([data-ready])")) {
    plot.dataset.ready = "";
    start(plot);
  }
};
begin(document);
document.addEventListener("htmx:load", (event) => begin(event.detail.elt.parentNode ?? document));
