"use strict";
// The token stays in memory: a page that keeps it in localStorage gives it to
// every script that gets in.
let token = "";
const socket = open(() => (token ? { token } : {}));

$("login").addEventListener("submit", async (e) => {
  e.preventDefault();
  const answer = await fetch("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: $("name").value, password: $("password").value }),
  });
  if (!answer.ok) return say(await answer.text());
  token = (await answer.json()).token;
  socket.connect();
});

$("without").addEventListener("click", () => {
  token = "";
  socket.connect(); // the server refuses, and common.js says so
});

socket.on("welcome", (u) => {
  $("login").hidden = true;
  $("log").hidden = $("say").hidden = false;
  $("who").textContent = `You are ${u.name} until ${new Date(u.until).toLocaleTimeString()}.`;
  $("text").focus();
});

socket.on("disconnect", (why) => {
  if (why !== "io server disconnect") return; // the token has ended
  $("login").hidden = false;
  $("log").hidden = $("say").hidden = true;
});

socket.on("said", (who, text) => write($("log"), who, text, who === $("name").value));

$("say").addEventListener("submit", async (e) => {
  e.preventDefault();
  if (await ask(socket, "say", $("text").value)) $("text").value = "";
});
