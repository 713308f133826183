"use strict";
// The session lets this browser, in all of its tabs, come back as the same person.
const socket = open(() => ({ session: localStorage.getItem("session") ?? "", name: $("name").value }));
const users = new Map(); // by id
const talks = new Map(); // messages by the other one's id
let me;
let current = "";

$("login").addEventListener("submit", (e) => {
  e.preventDefault();
  socket.connect();
});
if (localStorage.getItem("session")) {
  $("name").value = localStorage.getItem("name") ?? ""; // if the server has forgotten the session
  socket.connect();
}

socket.on("welcome", (w) => {
  localStorage.setItem("session", w.session);
  localStorage.setItem("name", w.you.name);
  me = w.you;
  users.clear();
  for (const u of w.users) users.set(u.id, u);
  talks.clear();
  for (const m of w.messages) keep(m);
  $("login").hidden = true;
  $("talks").hidden = false;
  document.querySelector("h1").textContent = `${me.name}’s private messages`;
  choose(current);
});

socket.on("user", (u) => {
  users.set(u.id, u);
  list();
});

socket.on("message", (m) => {
  if (keep(m) === current) choose(current);
  else list();
});

function keep(m) {
  const other = m.from === me.id ? m.to : m.from;
  if (!talks.has(other)) talks.set(other, []);
  talks.get(other).push(m);
  return other;
}

// What was read up to which message: remembered, so that what waited is seen.
const read = (id) => Number(localStorage.getItem("read " + id));
const unread = (id) => (talks.get(id) ?? []).filter((m) => m.from === id && m.id > read(id)).length;

function list() {
  const others = [...users.values()].filter((u) => u.id !== me.id);
  others.sort((a, b) => b.online - a.online || a.name.localeCompare(b.name));
  $("alone").hidden = others.length > 0;
  const focused = document.activeElement?.dataset?.id;
  $("users").replaceChildren(...others.map((u) => {
    const button = make("button", u.name, "quiet");
    button.dataset.id = u.id;
    button.setAttribute("aria-current", u.id === current);
    button.append(make("span", u.online ? "online" : "away", u.online ? "state on" : "state"));
    const n = unread(u.id);
    if (n) button.append(make("span", `${n} new`, "unread"));
    button.onclick = () => {
      choose(u.id);
      $("text").focus();
    };
    const li = make("li");
    li.append(button);
    return li;
  }));
  if (focused) $("users").querySelector(`[data-id="${focused}"]`)?.focus();
}

function choose(id) {
  current = id;
  const u = users.get(id);
  $("text").disabled = $("say").querySelector("button").disabled = !u;
  $("with").textContent = u ? u.name : "Choose somebody";
  $("log").replaceChildren();
  for (const m of talks.get(id) ?? []) {
    write($("log"), m.from === me.id ? "you" : u?.name, m.text, m.from === me.id);
    localStorage.setItem("read " + id, m.id);
  }
  list();
}

$("say").addEventListener("submit", async (e) => {
  e.preventDefault();
  const m = await ask(socket, "message", { to: current, text: $("text").value });
  if (!m) return;
  $("text").value = "";
  keep(m);
  choose(m.to);
});
