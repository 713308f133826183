// The admin page: asks the server once a second for what is new and draws it.
import { Plot } from "./plot.js";

const $ = (id) => document.getElementById(id);
const KEEP = 600;

// ---- how figures are written

const scaled = (v, base, units, digits = 3) => {
  let i = 0;
  while (v >= base * 0.9995 && i < units.length - 1) {
    v /= base;
    i++;
  }
  const text = v >= 100 || Number.isInteger(v) ? Math.round(v).toString() : v.toPrecision(Math.min(digits, v >= 10 ? 3 : 2)).replace(/\.?0+$/, "");
  return text + units[i];
};
export const count = (v) => (v < 10000 ? Math.round(v).toLocaleString("en") : scaled(v, 1000, ["", "k", "M", "G"]));
export const bytes = (v) => scaled(v, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
export const seconds = (v) => {
  if (v <= 0) return "0";
  if (v < 0.9995e-3) return scaled(v * 1e6, 1e9, [" µs"]);
  return v < 0.9995 ? scaled(v * 1e3, 1e9, [" ms"]) : scaled(v, 1e9, [" s"]);
};
const percent = (v) => `${scaled(v * 100, 1e9, [""])} %`;
const span = (s) => {
  const parts = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [Math.floor(s) % 60, "s"]];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first < 0 ? 3 : first).slice(0, 2).map(([n, u]) => `${n} ${u}`).join(" ");
};

// ---- the plots

const parent = $("plots");
const fixed = (...names) => () => names;
const plots = [
  new Plot(parent, { title: "Clients", names: fixed("clients", "sockets"), series: (p) => [p.clients, p.sockets], format: count, floor: 10, area: true }),
  new Plot(parent, { title: "Messages a second", names: fixed("in", "out", "dropped"), series: (p) => [p.in, p.out, p.dropped], format: count, floor: 10, area: true }),
  new Plot(parent, { title: "Fan-out latency", names: fixed("p50", "p99"), series: (p) => [p.fan_p50, p.fan_p99], format: seconds, floor: 1e-4 }),
  new Plot(parent, { title: "Loop lag", names: (ps) => (ps.at(-1)?.lag ?? []).map((_, i) => `loop ${i}`), series: (p) => p.lag, format: seconds, floor: 1e-3 }),
  new Plot(parent, { title: "Backlog", names: fixed("unsent"), series: (p) => [p.backlog], format: bytes, floor: 1024, binary: true, area: true }),
  new Plot(parent, { title: "Traffic a second", names: fixed("in", "out"), series: (p) => [p.bytes_in, p.bytes_out], format: bytes, floor: 1024, binary: true, area: true }),
  new Plot(parent, { title: "Memory", names: fixed("RSS", "heap", "goal"), series: (p) => [p.resident, p.heap, p.goal], format: bytes, floor: 1 << 20, binary: true }),
  new Plot(parent, { title: "CPU, of one core", names: fixed("all", "GC"), series: (p) => [p.cpu, p.gc], format: percent, floor: 0.1, area: true }),
  new Plot(parent, { title: "Longest GC pause", names: fixed("pause"), series: (p) => [p.pause], format: seconds, floor: 1e-4 }),
];
for (const p of plots) p.onpoint = (t) => { cursor = t; draw(); };

let points = [], cursor = null, shown = 60, offset = 0, failures = 0;

function draw() {
  // Between two answers the newest point is at most a second old: the axis ends
  // there, so that the lines do not jitter.
  const to = points.at(-1)?.t ?? Date.now() - offset;
  const from = to - shown * 1000;
  const visible = points.filter((p) => p.t >= from - 2000);
  for (const p of plots) p.draw(visible, from, to, cursor);
}

// ---- tiles and tables

function rows(id, list) {
  $(id).tBodies[0].replaceChildren(...list.map((cells) => {
    const tr = document.createElement("tr");
    if (cells.length === 2 && /^0( B)?$/.test(cells[1])) tr.className = "zero";
    for (const c of cells) tr.insertCell().textContent = c;
    return tr;
  }));
}

function show(live) {
  const p = points.at(-1);
  if (p) {
    $("clients").textContent = count(p.clients);
    $("sockets").textContent = `${count(p.sockets)} socket${p.sockets === 1 ? "" : "s"}`;
    $("in").textContent = count(p.in);
    $("out").textContent = count(p.out);
    const fan = points.findLast((q) => q.fan_p99 >= 0 && p.t - q.t <= 60000);
    $("fan").textContent = fan ? seconds(fan.fan_p99) : "–";
    $("lag").textContent = seconds(Math.max(0, ...p.lag));
    $("memory").textContent = bytes(p.resident);
    $("each").textContent = p.clients >= 100 ? `${bytes(p.resident / p.clients)} a client` : `${bytes(p.heap)} heap`;
  }
  $("uptime").textContent = `up ${span(live.uptime)}`;
  $("version").textContent = live.version;
  rows("loops", live.loops.map((l, i) => [String(i), count(l.sessions), bytes(l.backlog), seconds(l.lag)]));
  rows("closed", live.closed.map((t) => [t.name, count(t.count)]));
  rows("dropped", [
    ...live.dropped.map((t) => [`message: ${t.name}`, count(t.count)]),
    ["bytes discarded", bytes(live.discarded)],
    ...live.refused.map((t) => [`${t.name} refused`, count(t.count)]),
    ["panics recovered", count(live.panics)],
    ["open files", live.files[0] ? `${count(live.files[0])} of ${count(live.files[1])}` : "–"],
  ]);
  $("block").checked = live.profiling.block_nanoseconds > 0;
  $("mutex").checked = live.profiling.mutex_fraction > 0;
}

function state(ok) {
  failures = ok ? 0 : failures + 1;
  $("dot").classList.toggle("on", ok);
  $("state").textContent = ok ? "live" : failures > 1 ? "the server does not answer" : "waiting";
}

// ---- asking

async function poll() {
  try {
    const res = await fetch(`live?since=${points.at(-1)?.t ?? 0}`, { signal: AbortSignal.timeout(5000) });
    if (!res.ok) throw new Error(res.statusText);
    const live = await res.json();
    points = points.concat(live.points).slice(-KEEP);
    if (points.length > 0) offset = Date.now() - points.at(-1).t;
    state(true);
    show(live);
    draw();
  } catch {
    state(false);
  }
  setTimeout(poll, 1000);
}

async function post(path) {
  try {
    const res = await fetch(path, { method: "POST" });
    if (!res.ok) throw new Error(res.statusText);
  } catch {
    state(false);
  }
}

for (const button of document.querySelectorAll("[data-window]")) {
  button.addEventListener("click", () => {
    shown = Number(button.dataset.window);
    for (const b of document.querySelectorAll("[data-window]")) b.setAttribute("aria-pressed", String(b === button));
    draw();
  });
}
// 10 µs and one in 100: cheap enough for a server at work.
$("block").addEventListener("change", (e) => post(`profiling?block=${e.target.checked ? 10000 : 0}`));
$("mutex").addEventListener("change", (e) => post(`profiling?mutex=${e.target.checked ? 100 : 0}`));
$("gc").addEventListener("click", () => post("gc"));
poll();
