// Connections below the client: plain HTTP requests, bytes on a TCP socket,
// websocket messages, websocket frames.
import http from "node:http";
import net from "node:net";
import WebSocket from "ws";
import { patience, Queue, within } from "./util.js";

export const RS = "\x1e";

/** One HTTP request on a connection of its own: {status, headers, body}. */
export function request(server, path, { method = "GET", headers = {}, body, agent = false, ms = patience } = {}) {
  let req;
  const done = new Promise((resolve, reject) => {
    req = http.request({ host: "127.0.0.1", port: server.port, path, method, headers, agent }, (res) => {
      const parts = [];
      res.on("data", (d) => parts.push(d));
      res.on("error", reject);
      res.on("end", () => {
        const raw = Buffer.concat(parts);
        resolve({ status: res.statusCode, headers: res.headers, raw, body: raw.toString() });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
  done.catch(() => {});
  const answer = within(ms, done, `${method} ${path}`);
  answer.catch(() => {});
  answer.abort = () => req.destroy();
  return answer;
}

/** An Engine.IO session over polling, by hand. */
export class Polling {
  constructor(server, base) {
    this.server = server;
    this.base = base;
  }
  get path() {
    return `${this.base}?EIO=4&transport=polling&sid=${this.sid}`;
  }
  get(opts) {
    return request(this.server, this.path, opts);
  }
  post(body, headers = { "content-type": "text/plain;charset=UTF-8" }, opts = {}) {
    return request(this.server, this.path, { method: "POST", body, headers, ...opts });
  }
  /**
   * A GET of which the server is known to hold it: it comes in one segment behind
   * a request that is answered at once. Gives the connection; the response of the
   * GET is the next one on it.
   */
  async waiting() {
    const t = await tcp(this.server);
    t.write(`GET ${this.base}?EIO=4 HTTP/1.1\r\nHost: x\r\n\r\nGET ${this.path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const first = await t.response();
    if (first.status !== 400) throw new Error(`a request without a transport: ${first.head}${first.body}`);
    return t;
  }
  /** Polls until a packet that is not a ping or noop comes, answering pings. */
  async packets(ms = patience) {
    for (;;) {
      const res = await this.get({ ms });
      if (res.status !== 200) throw new Error(`poll: ${res.status} ${res.body}`);
      const all = res.body.split(RS);
      if (all.includes("2")) await this.post("3");
      const rest = all.filter((p) => p !== "2" && p !== "6");
      if (rest.length) return rest;
    }
  }
  /** The session is gone: its id is unknown. */
  async gone(ms = patience) {
    for (const end = Date.now() + ms; Date.now() < end; ) {
      const res = await request(this.server, this.path, { method: "PUT" }).catch(() => ({ status: 0 }));
      if (res.status === 400 && res.body === '{"code":1,"message":"Session ID unknown"}') return true;
      await new Promise((r) => setTimeout(r, 20));
    }
    return false;
  }
}

export async function polling(server, base = "/engine.io/", headers) {
  const p = new Polling(server, base);
  const res = await request(server, `${base}?EIO=4&transport=polling`, { headers });
  if (res.status !== 200 || res.body[0] !== "0") throw new Error(`handshake: ${res.status} ${res.body}`);
  p.open = JSON.parse(res.body.slice(1));
  p.sid = p.open.sid;
  return p;
}

/** Websocket messages through the ws package, queued: text as string, binary as Buffer. */
export class Ws {
  constructor(server, path, { headers, protocols = [] } = {}) {
    this.messages = new Queue();
    this.ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, { headers, perMessageDeflate: false });
    this.ws.on("message", (data, binary) => this.messages.push(binary ? data : data.toString()));
    this.closed = new Promise((resolve) => {
      this.ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.once("open", () => resolve(this));
      this.ws.once("unexpected-response", (req, res) => {
        const parts = [];
        res.on("data", (d) => parts.push(d));
        res.on("end", () => reject(Object.assign(new Error(`status ${res.statusCode}`), { status: res.statusCode, body: Buffer.concat(parts).toString() })));
      });
      this.ws.on("error", reject);
    });
    this.opened.catch(() => {});
  }
  send(data) {
    this.ws.send(data);
    return this;
  }
  next(ms = patience) {
    return this.messages.take(ms, "websocket message");
  }
  /** The next message that is not an Engine.IO ping; pings are answered. */
  async packet(ms = patience) {
    for (;;) {
      const m = await this.next(ms);
      if (m !== "2") return m;
      this.send("3");
    }
  }
  end(ms = patience) {
    return within(ms, this.closed, "websocket close");
  }
  close() {
    this.ws.terminate();
  }
}

export async function websocket(server, path, opts) {
  const w = new Ws(server, path, opts);
  return within(patience, w.opened, "websocket");
}

/** An Engine.IO session over websocket; the open packet is in .open. */
export async function engine(server, base = "/engine.io/", opts) {
  const w = await websocket(server, `${base}?EIO=4&transport=websocket`, opts);
  const first = await w.next();
  w.open = JSON.parse(first.slice(1));
  w.sid = w.open.sid;
  return w;
}

/** A Socket.IO session over a bare websocket, joined to the namespace. */
export async function joined(server, nsp = "/", base = "/socket.io/") {
  const w = await engine(server, base);
  const prefix = nsp === "/" ? "" : nsp + ",";
  w.send("40" + prefix);
  const reply = await w.packet();
  if (!reply.startsWith(`40${prefix}{"sid":"`)) throw new Error(`CONNECT: ${reply}`);
  const greeting = await w.packet();
  if (greeting !== `42${prefix}["auth",{}]`) throw new Error(`greeting: ${greeting}`);
  return w;
}

/** A TCP connection: what has come is in .data; .ended resolves at its end. */
export class Tcp {
  constructor(server) {
    this.begin = Date.now();
    this.data = Buffer.alloc(0);
    this.wake = () => {};
    this.socket = net.connect(server.port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.on("data", (d) => {
      this.data = Buffer.concat([this.data, d]);
      this.wake();
    });
    this.socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.over = true;
        this.wake();
        resolve();
      });
    });
    this.connected = new Promise((resolve) => this.socket.once("connect", () => resolve(this)));
  }
  write(data) {
    this.socket.write(data);
    return this;
  }
  /** Waits until test(data) gives something, and gives it. */
  async when(test, what, ms = patience) {
    const wait = async () => {
      for (;;) {
        const got = test(this.data);
        if (got !== undefined && got !== false && got !== null) return got;
        if (this.over) throw new Error(`${what}: the connection ended after ${JSON.stringify(this.data.toString("latin1").slice(0, 300))}`);
        await new Promise((resolve) => (this.wake = resolve));
      }
    };
    return within(ms, wait(), what);
  }
  /** Everything up to the end of the connection, as a string. */
  async rest(ms = patience) {
    await within(ms, this.ended, "end of the connection");
    return this.data.toString("latin1");
  }
  /** Takes n bytes. */
  async take(n, what = `${n} bytes`) {
    await this.when((d) => d.length >= n, what);
    const got = this.data.subarray(0, n);
    this.data = this.data.subarray(n);
    return got;
  }
  /** Takes one HTTP response with a content-length: {status, head, body}. */
  async response(ms = patience) {
    const end = await this.when((d) => (d.indexOf("\r\n\r\n") >= 0 ? d.indexOf("\r\n\r\n") + 4 : false), "HTTP response", ms);
    const head = (await this.take(end)).toString("latin1");
    const length = /content-length: *(\d+)/i.exec(head);
    const status = Number(head.split(" ")[1]);
    const body = length && status !== 304 ? (await this.take(Number(length[1]))).toString() : "";
    return { status, head, body };
  }
  close() {
    this.socket.destroy();
  }
}

export const tcp = (server) => within(patience, new Tcp(server).connected, "TCP connection");

export const key = "dGhlIHNhbXBsZSBub25jZQ==";
export const upgradeHead = (path, extra = "") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${extra}\r\n`;

/** A client frame. bits: opcode with FIN and RSV; mask false leaves it bare. */
export function frame(bits, payload = "", { mask = true, length } = {}) {
  const data = Buffer.from(payload);
  const n = length ?? data.length;
  const m = mask ? 0x80 : 0;
  let head;
  if (n < 126) head = Buffer.from([bits, m | n]);
  else if (n < 65536) head = Buffer.from([bits, m | 126, n >> 8, n & 255]);
  else {
    head = Buffer.alloc(10);
    head[0] = bits;
    head[1] = m | 127;
    head.writeBigUInt64BE(BigInt(n), 2);
  }
  if (!mask) return Buffer.concat([head, data]);
  const k = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  return Buffer.concat([head, k, data.map((b, i) => b ^ k[i & 3])]);
}

/** A websocket of which every byte is ours. */
export class Frames extends Tcp {
  /** One server frame: {bits, payload}. */
  async frame(ms = patience) {
    const end = await this.when(
      (d) => {
        if (d.length < 2) return false;
        const short = d[1] & 127;
        const head = short === 126 ? 4 : short === 127 ? 10 : 2;
        if (d.length < head) return false;
        const n = short === 126 ? d.readUInt16BE(2) : short === 127 ? Number(d.readBigUInt64BE(2)) : short;
        return d.length >= head + n ? { head, n } : false;
      },
      "frame",
      ms,
    );
    const all = await this.take(end.head + end.n);
    return { bits: all[0], masked: (all[1] & 0x80) !== 0, payload: Buffer.from(all.subarray(end.head)) };
  }
  /** Frames up to the close frame; its code (1005 without one, 1006 if none came). */
  async closeCode(ms = patience) {
    try {
      for (;;) {
        const f = await this.frame(ms);
        if ((f.bits & 15) === 8) return f.payload.length >= 2 ? f.payload.readUInt16BE(0) : 1005;
      }
    } catch (err) {
      if (this.over) return 1006;
      throw err;
    }
  }
}

export async function frames(server, path, extra) {
  const f = await within(patience, new Frames(server).connected, "TCP connection");
  f.write(upgradeHead(path, extra));
  const res = await f.response();
  if (res.status !== 101) throw new Error(`upgrade: ${res.head}${res.body}`);
  f.head = res.head;
  return f;
}
