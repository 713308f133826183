// A line plot over time in one SVG, with a grid, a key that shows the last
// values, and a cursor that shows those under the pointer in all plots at once.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150;
const PAD = { top: 8, right: 6, bottom: 18, left: 52 };

function make(name, attributes = {}, ns = SVG) {
  const el = document.createElementNS(ns, name);
  for (const [k, v] of Object.entries(attributes)) el.setAttribute(k, v);
  return el;
}

/** The next of 1, 2, 5 and their decades, where a scale may end. */
export function ceiling(v) {
  if (!(v > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(v));
  for (const step of [1, 2, 4, 5, 8, 10]) {
    if (step * decade >= v * 0.999) return step * decade;
  }
  return 10 * decade;
}

/** The same in KiB, MiB and so on. */
export function binaryCeiling(v) {
  const unit = 1024 ** Math.floor(Math.log2(Math.max(v, 1)) / 10);
  const n = ceiling(v / unit);
  return unit * (n >= 1000 ? 1024 : n);
}

export class Plot {
  /** series(point) gives the values; a negative or missing one is a gap. */
  constructor(parent, { title, names, series, format, floor = 0, binary = false, area = false }) {
    Object.assign(this, { names, series, format, floor, binary, area });
    this.figure = document.createElement("figure");
    this.figure.className = "plot";
    this.figure.id = "plot-" + title.toLowerCase().replace(/[^a-z]+/g, "-");
    this.caption = document.createElement("figcaption");
    const h = document.createElement("h2");
    h.textContent = title;
    this.legend = document.createElement("div");
    this.legend.className = "legend";
    this.caption.append(h, this.legend);
    this.svg = make("svg", { role: "img", "aria-label": title });
    this.figure.append(this.caption, this.svg);
    parent.append(this.figure);
    this.keys = [];
    this.svg.addEventListener("pointermove", (e) => this.onpoint?.(this.timeAt(e)));
    this.svg.addEventListener("pointerleave", () => this.onpoint?.(null));
    new ResizeObserver(() => this.redraw()).observe(this.svg);
  }

  timeAt(e) {
    const box = this.svg.getBoundingClientRect();
    const share = (e.clientX - box.left - PAD.left) / (box.width - PAD.left - PAD.right);
    return this.from + Math.min(Math.max(share, 0), 1) * (this.to - this.from);
  }

  draw(points, from, to, cursor) {
    Object.assign(this, { points, from, to, cursor });
    this.redraw();
  }

  redraw() {
    const width = this.svg.clientWidth;
    if (!this.points || width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.replaceChildren();
    const names = this.names(this.points);
    const rows = this.points.map((p) => [p.t, this.series(p)]);
    let top = this.floor;
    for (const [, values] of rows) for (const v of values) if (v > top) top = v;
    this.max = this.binary ? binaryCeiling(top) : ceiling(top);
    this.x = (t) => PAD.left + ((t - this.from) / (this.to - this.from)) * (width - PAD.left - PAD.right);
    this.y = (v) => HEIGHT - PAD.bottom - (v / this.max) * (HEIGHT - PAD.top - PAD.bottom);
    this.frame(width);
    names.forEach((_, i) => this.line(rows, i));
    this.values(names, rows);
  }

  frame(width) {
    for (const share of [0, 0.5, 1]) {
      const y = this.y(this.max * share);
      this.svg.append(make("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: y, y2: y }));
      const label = make("text", { x: PAD.left - 6, y: y + 3.5, "text-anchor": "end" });
      label.textContent = this.format(this.max * share);
      this.svg.append(label);
    }
    const seconds = Math.round((this.to - this.from) / 1000);
    for (const share of [0, 0.5, 1]) {
      const t = make("text", { x: PAD.left + share * (width - PAD.left - PAD.right), y: HEIGHT - 4,
        "text-anchor": ["start", "middle", "end"][share * 2] });
      const ago = seconds * (1 - share);
      t.textContent = ago === 0 ? "now" : ago % 60 === 0 ? `−${ago / 60} min` : `−${ago} s`;
      this.svg.append(t);
    }
  }

  /** A gap in time or value breaks the line. */
  line(rows, i) {
    let path = "", area = "", start = null, last = null;
    const shut = () => {
      if (start !== null) area += `L${this.x(last).toFixed(1)} ${this.y(0)}L${this.x(start).toFixed(1)} ${this.y(0)}Z`;
      start = null;
    };
    for (const [t, values] of rows) {
      const v = values[i];
      if (v === undefined || v < 0) {
        shut();
        continue;
      }
      if (start !== null && t - last > 3500) shut();
      const at = `${this.x(t).toFixed(1)} ${this.y(v).toFixed(1)}`;
      path += (start === null ? "M" : "L") + at + (start === null ? "l.01 0" : "");
      area += start === null ? `M${this.x(t).toFixed(1)} ${this.y(0)}L${at}` : "L" + at;
      start ??= t;
      last = t;
    }
    shut();
    if (this.area) this.svg.append(make("path", { class: `area c${i % 6}`, d: area }));
    this.svg.append(make("path", { class: `c${i % 6}`, d: path }));
  }

  /** The key: last values, or those at the cursor. */
  values(names, rows) {
    let row = rows.at(-1);
    if (this.cursor !== null && this.cursor !== undefined && rows.length > 0) {
      row = rows.reduce((a, b) => (Math.abs(b[0] - this.cursor) < Math.abs(a[0] - this.cursor) ? b : a));
      const x = this.x(row[0]);
      this.svg.append(make("line", { class: "cursor", x1: x, x2: x, y1: PAD.top, y2: HEIGHT - PAD.bottom }));
    }
    while (this.keys.length < names.length) {
      const key = document.createElement("span");
      const mark = document.createElement("i");
      mark.className = `c${this.keys.length % 6}`;
      const value = document.createElement("b");
      key.className = "key";
      key.append(mark, "", value);
      this.legend.append(key);
      this.keys.push({ key, value });
    }
    this.keys.forEach(({ key, value }, i) => {
      key.hidden = i >= names.length;
      key.childNodes[1].textContent = `${names[i] ?? ""} `;
      const v = row?.[1][i];
      value.textContent = v === undefined || v < 0 ? "–" : this.format(v);
    });
  }
}
