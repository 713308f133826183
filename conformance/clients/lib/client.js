// The official client behind a queue of what it received.
import assert from "node:assert/strict";
import { io as current } from "socket.io-client";
import { patience, Queue, within } from "./util.js";

/** The three ways the official client connects. */
export const modes = {
  websocket: ["websocket"],
  polling: ["polling"],
  upgrade: ["polling", "websocket"],
};

const open = new Set();

/** Ends whatever a test left open. */
export function closeAll() {
  for (const c of open) c.close();
  open.clear();
}

export class Client {
  constructor(url, opts = {}) {
    this.received = new Queue();
    this.ends = new Queue();
    const { nsp = "", mode = "websocket", manager, auth, io = current, ...rest } = opts;
    this.socket = manager
      ? manager.socket(nsp || "/", { auth, ...rest })
      : io(url + nsp, { forceNew: true, reconnection: false, transports: modes[mode], auth, ...rest });
    this.manager = this.socket.io;
    this.listen();
    this.socket.on("disconnect", (reason, details) => this.ends.push({ reason, details }));
    this.connected = new Promise((resolve, reject) => {
      this.socket.once("connect", () => resolve(this));
      this.socket.once("connect_error", reject);
      this.socket.once("error", reject); // of older clients: the namespace refuses
    });
    this.connected.catch(() => {});
    open.add(this);
  }
  listen() {
    // The answer to an event that asks for one is the test's business.
    this.socket.onAny((event, ...args) => this.received.push({ event, args }));
  }
  get id() {
    return this.socket.id;
  }
  on(event, fn) {
    this.socket.on(event, fn);
    return this;
  }
  emit(event, ...args) {
    this.socket.emit(event, ...args);
    return this;
  }
  /** The arguments of the next such event. */
  async next(event, ms = patience) {
    return (await this.received.take(ms, `event ${event}`, (e) => e.event === event)).args;
  }
  /** The next event, whatever its name, without the greeting. */
  async any(ms = patience) {
    const e = await this.received.take(ms, "any event", (e) => e.event !== "auth" && e.event !== "welcome");
    return [e.event, ...e.args];
  }
  /** Emits and gives the acknowledgement (its first argument). */
  async ask(event, ...args) {
    return (await this.askAll(event, ...args))[0];
  }
  /** All arguments of the acknowledgement. */
  askAll(event, ...args) {
    return new Promise((resolve, reject) => {
      this.socket.timeout(patience).emit(event, ...args, (err, ...answer) => (err ? reject(this.explain(err, event)) : resolve(answer)));
    });
  }
  /** Adds to err what was asked and how this client stands. */
  explain(err, event) {
    const ends = this.ends.items.map((e) => e.reason).join(", ");
    const state = this.socket.connected ? `on ${this.manager.engine?.transport?.name}` : `ended: ${ends || "taken"}`;
    err.message += `: ${event}; the client is ${state}; queued: ${JSON.stringify(this.received.items).slice(0, 300)}`;
    return err;
  }
  /** The reason of the next disconnect. */
  async end(ms = patience) {
    return (await this.ends.take(ms, "disconnect")).reason;
  }
  /** Everything sent before has been handled when this returns. */
  async settle() {
    await this.ask("rooms");
    return this;
  }
  /** Checks that none of these events has arrived; call after settle. */
  none(...events) {
    const got = this.received.items.filter((e) => events.includes(e.event));
    assert.deepEqual(got, []);
  }
  upgraded() {
    const engine = this.manager.engine;
    if (engine.transport.name === "websocket") return Promise.resolve();
    return within(patience, new Promise((resolve) => engine.once("upgrade", resolve)), "upgrade");
  }
  close() {
    open.delete(this);
    this.socket.disconnect();
    this.manager.engine?.close();
  }
}

export function connect(server, opts) {
  const c = new Client(server.url, opts);
  return within(patience, c.connected, "connect");
}

/** Connects n clients at once. */
export const several = (server, n, opts) => Promise.all(Array.from({ length: n }, () => connect(server, opts)));

/** The error that a refused connection gives. */
export async function refused(server, opts) {
  const c = new Client(server.url, opts);
  try {
    await within(patience, c.connected, "connect_error");
  } catch (err) {
    return err;
  } finally {
    c.close();
  }
  throw new Error("the connection was accepted");
}
