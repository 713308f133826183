"use strict";
// What every page needs: to say how the connection is, and what went wrong.

const $ = (id) => document.getElementById(id);

function say(problem) {
  $("problem").textContent = problem;
}

/** Connects when asked to, with what auth() gives each time, and tells how it goes. */
function open(auth = () => ({})) {
  const socket = io({ autoConnect: false, auth: (send) => send(auth()) });
  const show = (text, on) => {
    $("status").textContent = text;
    $("status").classList.toggle("on", on);
  };
  socket.on("connect", () => {
    show("connected", true);
    say("");
  });
  socket.on("disconnect", (why) => show(why === "io server disconnect" ? "ended" : "trying again …", false));
  socket.on("connect_error", (err) => {
    show(socket.active ? "trying again …" : "not connected", false);
    if (!socket.active) say(err.message); // the server has refused
  });
  socket.on("problem", say); // the server answers bad input with it
  return socket;
}

/** Emits and gives the answer; undefined if the server had something against it. */
async function ask(socket, event, value) {
  const answer = await socket.emitWithAck(event, value);
  say(answer?.error ?? "");
  return answer?.error === undefined ? answer : undefined;
}

/** Makes an element; text goes in as text, whatever is in it. */
function make(tag, text = "", className = "") {
  const e = document.createElement(tag);
  e.textContent = text;
  e.className = className;
  return e;
}

/** Adds a message to a list and keeps the end in view. */
function write(list, who, text, mine) {
  const li = make("li", "", mine ? "mine" : "");
  li.append(make("b", who), text);
  list.append(li);
  while (list.children.length > 200) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}

if (typeof io === "undefined") {
  say("The Socket.IO browser client is not part of this build: run `make bundle` and build again.");
  throw new Error("the client bundle is missing");
}
