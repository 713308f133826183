"use strict";
// The key makes all tabs of this browser one person. Nobody but the server sees it.
function key() {
  let k = localStorage.getItem("key");
  if (!k) {
    k = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    localStorage.setItem("key", k);
  }
  return k;
}

$("name").value = localStorage.getItem("name") ?? "";
const socket = open(() => ({ name: $("name").value, key: key() }));
const people = new Map(); // by id
let me = 0;

$("login").addEventListener("submit", (e) => {
  e.preventDefault();
  socket.connect();
});
if ($("name").value) socket.connect(); // a further tab need not ask again

socket.on("online", (id, all) => {
  localStorage.setItem("name", $("name").value);
  me = id;
  people.clear();
  for (const p of all) people.set(p.id, p);
  $("login").hidden = true;
  $("house").hidden = false;
  show();
});

socket.on("changed", (p) => {
  const known = people.has(p.id);
  if (p.tabs) people.set(p.id, p);
  else people.delete(p.id);
  if (!known || !p.tabs) $("news").textContent = `${p.name} has ${p.tabs ? "come" : "left"}.`;
  show();
});

function show() {
  const list = [...people.values()].sort((a, b) => (b.id === me) - (a.id === me) || a.name.localeCompare(b.name));
  $("count").textContent = `${list.length} online`;
  $("people").replaceChildren(...list.map((p) => {
    const li = make("li", p.name + (p.id === me ? " (you)" : ""), "wide");
    li.append(make("b", p.tabs === 1 ? "1 tab" : `${p.tabs} tabs`));
    return li;
  }));
}
