// Uploads: files are sent by tus, a few at once, and go on after a lost connection or a reload.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const path = (place) => meta("base-path") + place;
const AT_ONCE = 3;
const CHUNK_BYTES = 8 * 2 ** 20;
const AGAIN_MS = 5000; // after a connection was lost, unless the browser says sooner that it is back
const RETRIES = [0, 1000]; // at once; then it says that the connection is lost, and goes on trying
const SHOWN = 300; // rows: what comes behind them waits unseen

const words = document.getElementById("words").dataset;
const queue = document.getElementById("queue");
const drop = document.getElementById("drop");
const jobs = [];
const formats = Object.fromEntries(["byte", "kilobyte", "megabyte", "gigabyte"].map((unit) =>
  [unit, new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: unit === "megabyte" || unit === "gigabyte" ? 1 : 0 })]));

function size(bytes) {
  const [unit, one] = bytes < 1e3 ? ["byte", 1] : bytes < 1e6 ? ["kilobyte", 1e3] : bytes < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  return formats[unit].format(bytes / one);
}

document.querySelectorAll(".scripted").forEach((one) => (one.hidden = false));
document.querySelectorAll(".plain-form").forEach((one) => (one.hidden = true));
drop.classList.add("ready");

function add(files) {
  const known = new Set(jobs.filter((job) => !job.over).map((job) => job.key));
  for (const file of files) {
    const key = `${file.name} ${file.size} ${file.lastModified}`;
    if (file.name.startsWith(".") || known.has(key)) continue;
    known.add(key);
    const job = { file, key, state: "waits", sent: 0, over: false };
    jobs.push(job);
    if (jobs.length <= SHOWN) row(job);
    if (!file.size) end(job, "failed", words.empty);
  }
  document.getElementById("uploads").hidden = !jobs.length;
  next();
}

function row(job) {
  const made = document.getElementById("row").content.firstElementChild.cloneNode(true);
  made.querySelector(".file").textContent = job.file.name;
  made.querySelector("progress").setAttribute("aria-label", job.file.name);
  for (const name of ["pause", "resume", "cancel"]) {
    const button = made.querySelector(`.${name}`);
    button.setAttribute("aria-label", `${button.textContent.trim()}: ${job.file.name}`);
  }
  made.querySelector(".pause").addEventListener("click", () => pause(job));
  made.querySelector(".resume").addEventListener("click", () => resume(job));
  made.querySelector(".cancel").addEventListener("click", () => cancel(job));
  job.row = made;
  queue.append(made);
  draw(job);
}

function next() {
  const active = jobs.filter((job) => job.state === "sends").length;
  const waiting = jobs.filter((job) => job.state === "waits");
  waiting.slice(0, Math.max(0, AT_ONCE - active)).forEach(send);
  total();
}

async function send(job) {
  job.state = "sends";
  draw(job);
  job.upload ??= new tus.Upload(job.file, {
    endpoint: path("/api/v1/uploads"),
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRIES,
    removeFingerprintOnSuccess: true,
    uploadDataDuringCreation: true,
    headers: { "X-CSRF-Token": meta("csrf") },
    metadata: { filename: job.file.name, filetype: job.file.type },
    onProgress: (sent) => moved(job, sent),
    onSuccess: () => came(job),
    onError: (error) => failed(job, error),
  });
  if (!job.upload.url) {
    const before = await job.upload.findPreviousUploads();
    if (job.state !== "sends") return;
    if (before.length) {
      job.upload.resumeFromPreviousUpload(before[0]);
      job.note = words.again;
    }
  }
  job.upload.start();
}

function moved(job, sent) {
  const moment = performance.now();
  if (job.at && moment > job.at) job.rate = 0.8 * (job.rate ?? (sent - job.sent) / (moment - job.at)) + (0.2 * (sent - job.sent)) / (moment - job.at);
  job.sent = sent;
  job.at = moment;
  draw(job);
}

function came(job) {
  job.sent = job.file.size;
  end(job, "came");
  const id = job.upload.url.split("/").pop();
  // Each asks for itself (source): of what one element asks at once, htmx keeps only the last.
  const target = job.row?.querySelector(".came");
  if (target) htmx.ajax("GET", path(`/upload/arrived/${id}`), { source: target, target, swap: "innerHTML" });
}

function failed(job, error) {
  const answer = error.originalResponse;
  const status = answer?.getStatus() ?? 0;
  if (status === 401) return end(job, "failed", words.login);
  const isAway = !status || status >= 500 || status === 423 || status === 429 || status === 408;
  if (!isAway) return end(job, "failed", told(answer));
  if (job.state !== "sends") return;
  if (!status && error.originalRequest === undefined && navigator.onLine) return end(job, "failed", words.unreadable);
  job.state = "lost";
  job.note = status ? told(answer) || words.lost : words.lost;
  draw(job);
  job.timer = setTimeout(() => wake(job), AGAIN_MS);
  next();
}

function told(answer) {
  try {
    return JSON.parse(answer.getBody()).detail ?? "";
  } catch {
    return "";
  }
}

function wake(job) {
  clearTimeout(job.timer);
  if (job.state !== "lost") return;
  job.state = "waits";
  job.note = "";
  next();
}

function pause(job) {
  clearTimeout(job.timer);
  job.upload?.abort();
  job.state = "paused";
  draw(job);
  next();
}

function resume(job) {
  job.state = "waits";
  draw(job);
  next();
}

async function cancel(job) {
  clearTimeout(job.timer);
  job.over = true;
  job.state = "gone";
  job.row?.remove();
  jobs.splice(jobs.indexOf(job), 1);
  next();
  await job.upload?.abort(true).catch(() => {}); // what came of it is removed there in time
}

function end(job, state, why = "") {
  job.state = state;
  job.note = why;
  job.over = true;
  draw(job);
  if (state === "came") document.dispatchEvent(new CustomEvent("upload:came"));
  next();
}

function draw(job) {
  if (!job.row) return;
  const part = (name) => job.row.querySelector(name);
  part("progress").value = job.file.size ? job.sent / job.file.size : 0;
  part("progress").hidden = job.over;
  const left = job.state === "sends" && job.rate > 0 ? Math.ceil((job.file.size - job.sent) / job.rate / 1000) : 0;
  const rest = left > 1 ? ` · ${words.left.replace("{seconds}", left)}` : "";
  const whole = size(job.file.size);
  const amount = job.over ? whole : words.part.replace("{sent}", size(job.sent)).replace("{size}", whole);
  part(".state").textContent = `${words[job.state] && job.state !== "lost" ? words[job.state] : words.waits} · ${amount}${rest}`;
  if (job.state !== "came") part(".came").textContent = job.note ?? "";
  job.row.classList.toggle("failed", job.state === "failed");
  part(".pause").hidden = !["sends", "waits", "lost"].includes(job.state);
  part(".resume").hidden = job.state !== "paused";
  part(".cancel").hidden = job.over;
}

function total() {
  const done = jobs.filter((job) => job.state === "came").length;
  document.getElementById("sum").textContent = words.sum.replace("{done}", done).replace("{all}", jobs.length);
  document.getElementById("pause-all").hidden = !jobs.some((job) => ["sends", "waits", "lost"].includes(job.state));
  document.getElementById("resume-all").hidden = !jobs.some((job) => job.state === "paused");
  document.getElementById("clear").hidden = !jobs.some((job) => job.over);
  for (const job of jobs.filter((one) => !one.row).slice(0, Math.max(0, SHOWN - queue.children.length))) row(job);
}

document.getElementById("pause-all").addEventListener("click", () => jobs.filter((job) => !job.over && job.state !== "paused").forEach(pause));
document.getElementById("resume-all").addEventListener("click", () => jobs.filter((job) => job.state === "paused").forEach(resume));
document.getElementById("clear").addEventListener("click", () => {
  for (const job of jobs.filter((one) => one.over)) {
    job.row?.remove();
    jobs.splice(jobs.indexOf(job), 1);
  }
  total();
});
addEventListener("online", () => jobs.forEach(wake));
addEventListener("beforeunload", (event) => {
  if (jobs.some((job) => ["sends", "waits", "lost"].includes(job.state))) event.preventDefault();
});

for (const id of ["files", "folder"]) {
  const input = document.getElementById(id);
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
}

// Files and folders that are dropped anywhere on the page.
async function* within(entry) {
  if (entry.isFile) {
    yield await new Promise((found, wrong) => entry.file(found, wrong));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((found, wrong) => reader.readEntries(found, wrong));
    if (!some.length) return;
    for (const one of some) if (!one.name.startsWith(".")) yield* within(one);
  }
}

async function take(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return add([...transfer.files]);
  const found = [];
  for (const entry of entries) for await (const file of within(entry)) found.push(file);
  add(found);
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer);
});

// What is pasted: files are sent, addresses go into their field.
addEventListener("paste", (event) => {
  const isField = event.target.closest?.("input, textarea");
  if (event.clipboardData.files.length) {
    event.preventDefault();
    add([...event.clipboardData.files]);
    return;
  }
  const text = event.clipboardData.getData("text").trim();
  if (isField || !/^https?:\/\//i.test(text)) return;
  event.preventDefault();
  const field = document.getElementById("addresses");
  field.value = `${field.value.trim()}\n${text}`.trim();
  field.focus();
});
