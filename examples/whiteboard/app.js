"use strict";
const palette = ["#1b2130", "#d63031", "#e67e22", "#b58900", "#1e8449", "#1f6fd6", "#8e44ad", "#ffffff"];
const names = ["Ink", "Red", "Orange", "Ochre", "Green", "Blue", "Violet", "White (eraser)"];
const sheet = $("sheet");
const paint = sheet.getContext("2d");
const socket = open();
let color = 0;

for (const [i, name] of names.entries()) {
  const input = make("input");
  Object.assign(input, { type: "radio", name: "color", checked: i === 0, title: name, onchange: () => (color = i) });
  input.setAttribute("aria-label", name);
  input.style.setProperty("--color", palette[i]);
  $("colors").append(input);
}

function draw({ color, pen, points }) {
  paint.strokeStyle = palette[color];
  paint.lineWidth = pen;
  paint.lineCap = paint.lineJoin = "round";
  paint.beginPath();
  paint.moveTo(...points[0]);
  for (const p of points) paint.lineTo(...p);
  paint.stroke();
}

function wipe() {
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, sheet.width, sheet.height);
}

socket.on("drawing", (strokes) => {
  wipe();
  strokes?.forEach(draw);
});
socket.on("stroke", draw);
socket.on("clear", wipe);
$("clear").addEventListener("click", () => socket.emit("clear"));

// What is drawn in one frame is one stroke; the next one begins where it ended.
let points = null;
let due = false;

function send() {
  due = false;
  if (!points || points.length < 2) return;
  for (let i = 0; i < points.length - 1; i += 127) { // at most 128 points each
    const stroke = { color, pen: $("pen").valueAsNumber, points: points.slice(i, i + 128) };
    draw(stroke);
    if (socket.connected) socket.emit("stroke", stroke);
  }
  points = points.slice(-1);
}

function go(x, y) {
  const clamp = (v, most) => Math.max(0, Math.min(most, Math.round(v)));
  points.push([clamp(x, sheet.width), clamp(y, sheet.height)]);
  if (!due) requestAnimationFrame(send);
  due = true;
}

function at(e) {
  const box = sheet.getBoundingClientRect();
  return [((e.clientX - box.left) / box.width) * sheet.width, ((e.clientY - box.top) / box.height) * sheet.height];
}

sheet.addEventListener("pointerdown", (e) => {
  if (!e.isPrimary || e.button !== 0) return;
  sheet.setPointerCapture(e.pointerId);
  keys = false;
  points = [];
  go(...at(e));
  go(...at(e)); // a touch without a move is a dot
});
sheet.addEventListener("pointermove", (e) => points && !keys && e.isPrimary && e.buttons && go(...at(e)));
for (const end of ["pointerup", "pointercancel"]) {
  sheet.addEventListener(end, (e) => {
    if (!e.isPrimary || keys) return;
    send();
    points = null;
  });
}

// The keyboard's pen.
let keys = false; // it is down
let [x, y] = [sheet.width / 2, sheet.height / 2];
const ways = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] };
sheet.addEventListener("keydown", (e) => {
  const way = ways[e.key];
  if (!way && e.key !== " ") return;
  e.preventDefault();
  if (way) {
    x = Math.max(0, Math.min(sheet.width, x + way[0]));
    y = Math.max(0, Math.min(sheet.height, y + way[1]));
    if (keys) go(x, y);
  } else {
    send();
    keys = !keys;
    points = keys ? [[x, y]] : null;
  }
  $("keys").textContent = `The pen is ${keys ? "down" : "up"} at ${x}, ${y}.`;
});

wipe();
socket.connect();
