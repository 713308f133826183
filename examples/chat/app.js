"use strict";
const socket = open(() => ({ name: $("name").value }));
let me = "";

$("login").addEventListener("submit", (e) => {
  e.preventDefault();
  socket.connect();
});

// The first event after each connect: also after a connection was lost.
socket.on("history", (messages) => {
  $("login").hidden = true;
  $("log").hidden = $("typing").hidden = $("say").hidden = false;
  me = $("name").value.trim();
  $("log").replaceChildren();
  for (const m of messages ?? []) write($("log"), m.from, m.text, m.from === me);
  $("text").focus();
});

socket.on("said", (m) => {
  $("typing").textContent = "";
  write($("log"), m.from, m.text, false);
});

$("say").addEventListener("submit", async (e) => {
  e.preventDefault();
  const m = await ask(socket, "say", $("text").value);
  if (!m) return;
  write($("log"), m.from, m.text, true);
  $("text").value = "";
});

let told = 0;
$("text").addEventListener("input", () => {
  if (Date.now() - told < 2000) return;
  told = Date.now();
  socket.volatile.emit("typing");
});

let silence;
socket.on("typing", (who) => {
  $("typing").textContent = who + " is writing …";
  clearTimeout(silence);
  silence = setTimeout(() => ($("typing").textContent = ""), 3000);
});
