"use strict";

const $ = (id) => document.getElementById(id);
const LOBBY = "lobby";
const MAX_IMAGE = 700 * 1024; // below the server's default of 1 MB a message

if (typeof io === "undefined") {
  $("login-error").textContent =
    "The Socket.IO browser client is not part of this build. Run `make bundle` and build again.";
  $("login-error").hidden = false;
  $("login-form").querySelector("button").disabled = true;
  throw new Error("socket.io client missing");
}

let me = null;
let current = LOBBY;              // a room's name, or "@" + a user's id
const users = new Map();          // id -> {id, name, color}
const talks = new Map();          // key -> {items: [], unread, members, typing: Map}

function talk(key) {
  if (!talks.has(key)) talks.set(key, { items: [], unread: 0, members: 0, typing: new Map() });
  return talks.get(key);
}

const socket = io({ autoConnect: false, auth: (cb) => cb({ name: $("name").value.trim() }) });

// --- connection ---------------------------------------------------------

$("login-form").addEventListener("submit", (e) => {
  e.preventDefault();
  $("login-error").hidden = true;
  socket.connect();
});

socket.on("connect_error", (err) => {
  $("link").classList.remove("on");
  if (me) return; // the client tries again by itself
  $("login-error").textContent = err.message;
  $("login-error").hidden = false;
});

socket.on("connect", async () => {
  $("link").classList.add("on");
  const rooms = me ? [...talks.keys()].filter((k) => !k.startsWith("@")) : [LOBBY];
  const hello = await socket.emitWithAck("hello");
  me = hello.you;
  users.clear();
  for (const u of hello.users) users.set(u.id, u);
  $("me").textContent = me.name;
  $("me").style.color = me.color;
  for (const room of rooms) await join(room);
  $("login").hidden = true;
  $("app").hidden = false;
  show(talks.has(current) ? current : LOBBY);
  $("text").focus();
});

socket.on("disconnect", (reason) => {
  $("link").classList.remove("on");
  note(current, "Connection lost (" + reason + "), trying again …");
});

// --- rooms and people ----------------------------------------------------

async function join(room) {
  const r = await socket.emitWithAck("join", room);
  if (r.error) return note(current, r.error);
  const t = talk(r.room);
  t.items = r.history.map((m) => ({ ...m, mine: m.from.id === me.id }));
  t.members = r.members;
  return r.room;
}

$("room-form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const name = $("room-name").value.trim();
  $("room-name").value = "";
  if (!name) return;
  const room = await join(name);
  if (room) show(room);
});

$("leave").addEventListener("click", async () => {
  const key = current;
  if (!key.startsWith("@")) await socket.emitWithAck("leave", key);
  talks.delete(key);
  show(LOBBY);
});

$("menu").addEventListener("click", () => $("app").classList.toggle("open"));

socket.on("pulse", (p) => {
  $("clients").textContent = p.clients.toLocaleString("en");
  $("rate").textContent = p.rate.toLocaleString("en");
  for (const u of p.joined) users.set(u.id, u);
  for (const id of p.left) users.delete(id);
  for (const r of p.rooms) if (talks.has(r.name)) talk(r.name).members = r.members;
  $("online").textContent = p.online.toLocaleString("en");
  people();
  head();
});

function people() {
  const list = [...users.values()].sort((a, b) => a.name.localeCompare(b.name)).slice(0, 200);
  $("users").replaceChildren(...list.map((u) => {
    const key = "@" + u.id;
    return entry(u.id === me?.id ? u.name + " (you)" : u.name, u.color, key, u.id !== me?.id);
  }));
}

function roomList() {
  const keys = [...talks.keys()].filter((k) => !k.startsWith("@"));
  $("rooms").replaceChildren(...keys.map((k) => entry("# " + k, null, k, true)));
}

function entry(label, color, key, open) {
  const li = document.createElement("li");
  const b = document.createElement("button");
  b.type = "button";
  if (color) {
    const dot = document.createElement("span");
    dot.className = "avatar";
    dot.style.background = color;
    b.append(dot);
  }
  b.append(label);
  b.setAttribute("aria-current", String(key === current));
  const unread = talks.get(key)?.unread;
  if (unread) {
    const n = document.createElement("span");
    n.className = "unread";
    n.textContent = unread;
    b.append(n);
  }
  if (open) b.addEventListener("click", () => show(key));
  li.append(b);
  return li;
}

// --- the talk --------------------------------------------------------------

function show(key) {
  current = key;
  $("app").classList.remove("open");
  const t = talk(key);
  t.unread = 0;
  $("log").replaceChildren(...t.items.map(line));
  $("log").scrollTop = $("log").scrollHeight;
  head();
  roomList();
  people();
  typists();
}

function head() {
  const t = talk(current);
  const person = current.startsWith("@");
  $("title").textContent = person ? users.get(current.slice(1))?.name ?? "gone" : "# " + current;
  $("members").textContent = person ? "private" : t.members + (t.members === 1 ? " member" : " members");
  $("leave").hidden = current === LOBBY;
}

function line(m) {
  const li = document.createElement("li");
  if (m.note) {
    li.className = "note";
    li.textContent = m.note;
    return li;
  }
  if (m.mine) li.className = "mine";
  const who = document.createElement("div");
  who.className = "who";
  who.style.color = m.from.color;
  who.textContent = m.from.name;
  const time = document.createElement("time");
  time.textContent = new Date(m.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  who.append(time);
  li.append(who);
  if (m.text) li.append(m.text);
  if (m.image) {
    const img = document.createElement("img");
    img.alt = "image from " + m.from.name;
    img.src = URL.createObjectURL(new Blob([m.image], { type: m.type }));
    img.addEventListener("load", () => { $("log").scrollTop = $("log").scrollHeight; URL.revokeObjectURL(img.src); }, { once: true });
    li.append(img);
  }
  return li;
}

function add(key, m) {
  const t = talk(key);
  t.items.push(m);
  if (t.items.length > 300) t.items.shift();
  if (key !== current) {
    t.unread++;
    roomList();
    people();
    return;
  }
  const log = $("log");
  const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(line(m));
  while (log.children.length > 300) log.firstChild.remove();
  if (follow || m.mine) log.scrollTop = log.scrollHeight;
}

function note(key, text) { add(key, { note: text }); }

socket.on("message", (m) => { talk(m.room).typing.delete(m.from.id); typists(); add(m.room, m); });
socket.on("private", (m) => { users.set(m.from.id, m.from); add("@" + m.from.id, m); });

async function send(content) {
  const person = current.startsWith("@");
  const key = current;
  const r = person
    ? await socket.emitWithAck("private", { to: key.slice(1), ...content })
    : await socket.emitWithAck("message", { room: key, ...content });
  if (r.error) return note(key, r.error);
  add(key, { ...content, at: r.at, from: me, mine: true });
}

$("say").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  stopTyping();
  send({ text });
});

// --- images ------------------------------------------------------------------

async function sendImage(file) {
  if (!file.type.startsWith("image/")) return;
  if (file.size > MAX_IMAGE) return note(current, "That image is larger than 700 KB.");
  send({ image: new Uint8Array(await file.arrayBuffer()), type: file.type });
}

$("pick").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { for (const f of $("file").files) sendImage(f); $("file").value = ""; });
document.addEventListener("paste", (e) => { for (const f of e.clipboardData?.files ?? []) sendImage(f); });
$("log").addEventListener("dragover", (e) => e.preventDefault());
$("log").addEventListener("drop", (e) => { e.preventDefault(); for (const f of e.dataTransfer.files) sendImage(f); });

// --- typing ------------------------------------------------------------------

let typingTimer = 0;
function stopTyping() {
  if (!typingTimer) return;
  clearTimeout(typingTimer);
  typingTimer = 0;
  socket.volatile.emit("typing", { key: current, on: false });
}
$("text").addEventListener("input", () => {
  if (!typingTimer) socket.volatile.emit("typing", { key: current, on: true });
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, 2500);
});

socket.on("typing", ({ key, from, on }) => {
  const t = talks.get(key) ?? (key.startsWith("@") ? talk(key) : null);
  if (!t) return;
  clearTimeout(t.typing.get(from.id)?.timer);
  if (on) t.typing.set(from.id, { name: from.name, timer: setTimeout(() => { t.typing.delete(from.id); typists(); }, 5000) });
  else t.typing.delete(from.id);
  typists();
});

function typists() {
  const names = [...talk(current).typing.values()].map((t) => t.name);
  $("typing").textContent =
    names.length === 0 ? "" :
    names.length === 1 ? names[0] + " is writing …" :
    names.length < 4 ? names.join(", ") + " are writing …" : "several people are writing …";
}
