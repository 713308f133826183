// The clients of Socket.IO 1, 2 and 3, over each of their transports.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { connectOlder, Older, refusedOlder, versions } from "../lib/legacy.js";
import { request } from "../lib/raw.js";
import { serve, start } from "../lib/server.js";
import { patience, sleep, within } from "../lib/util.js";

// Version 1 encodes text over polling as UTF-8 twice, which is wrong in any but
// its own servers: there it is held to ASCII.
const signs = (version, mode) => (version === "1.7.4" && mode === "polling" ? "ascii" : "€🦄é\u2028");

for (const version of Object.keys(versions)) {
  const { eio } = versions[version];
  for (const mode of Object.keys(modes)) {
    describe(`socket.io-client ${version} over ${mode}`, () => {
      const server = serve("main");
      afterEach(closeAll);

      const open = async (opts) => {
        const c = await connectOlder(version, server, { mode, ...opts });
        if (mode === "upgrade") await c.upgraded();
        return c;
      };
      const text = signs(version, mode);
      // A namespace's auth: version 3 has it by that name, those before in a query.
      const auth = (values) => (eio === 4 ? { auth: values } : { query: new URLSearchParams(values).toString() });

      it("connects, and says how", async () => {
        const c = await open({ query: { a: "1", b: "x y&z" }, extraHeaders: { "x-custom": "cust" } });
        assert.deepEqual(await c.next("auth"), [{}]);
        assert.equal(await c.ask("transport"), mode === "polling" ? "polling" : "websocket");
        assert.equal(await c.ask("protocol"), eio);
        const h = await c.ask("handshake");
        assert.deepEqual([h.query.a, h.query.b, h.query.EIO], ["1", "x y&z", String(eio)]);
        assert.deepEqual([h.nsp, h.id, h.custom], ["/", c.id, "cust"]);
      });

      it("sends and gets events", async () => {
        const c = await open();
        for (const args of [[], [null], [1, -1.5, true], [text, '"\\/\u0001'], [{ [text]: [text, { a: null }] }, []], ["x".repeat(70_000)]]) {
          c.emit("echo", ...args);
          assert.deepEqual(await c.next("echo"), args);
          c.emit("message", ...args);
          assert.deepEqual(await c.next("message-back"), args);
        }
        for (let i = 0; i < 200; i++) c.emit("echo", i, text);
        for (let i = 0; i < 200; i++) assert.deepEqual(await c.next("echo"), [i, text]);
        c.emit("seq", 300, "s");
        for (let i = 0; i < 300; i++) assert.deepEqual(await c.next("s"), [i]);
      });

      it("acknowledges, and is acknowledged", async () => {
        const c = await open();
        assert.deepEqual(await c.askAll("message-with-ack", text, 2, [3]), [text, 2, [3]]);
        const all = await Promise.all(Array.from({ length: 100 }, (_, i) => c.ask("echo", i)));
        assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i));
        c.on("question", (...args) => args.pop()(text, args));
        assert.deepEqual(await c.ask("ask", "question", patience / 2, 1, text), { ok: true, args: [text, [1, text]] });
        assert.deepEqual(await c.ask("ask", "silence", 50), { ok: false, error: "operation has timed out" });
      });

      it("sends and gets binary", async () => {
        const c = await open();
        const b = (...bytes) => Buffer.from(bytes);
        for (const args of [[b(1, 2, 255)], [b()], [{ a: b(1), c: { d: [b(0), 7, b(3)] } }, text, b(4)], [Buffer.alloc(70_000, 7)]]) {
          c.emit("echo", ...args);
          assert.deepEqual(await c.next("echo"), args);
          assert.deepEqual(await c.askAll("echo", ...args), args);
        }
        c.on("blob", (x, cb) => cb(b(9), { x }));
        assert.deepEqual(await c.ask("ask", "blob", patience / 2, b(1, 2)), { ok: true, args: [b(9), { x: b(1, 2) }] });
        for (const n of [0, 1, 125, 126, 65_535, 65_536, 900_000]) {
          c.emit("big-bin", n, "b");
          assert.ok((await c.next("b"))[0].equals(Buffer.alloc(n, 0xa5)), `${n} bytes`);
        }
        c.emit("bins", 10, 100, "many");
        assert.deepEqual(await c.next("many"), Array.from({ length: 10 }, (_, i) => Buffer.alloc(100, i)));
      });

      it("as base64, when it asks for that", async () => {
        const c = await open({ forceBase64: true });
        const binary = Buffer.from([0, 1, 254, 255]);
        assert.deepEqual(await c.ask("echo", text, binary), text);
        assert.deepEqual(await c.askAll("echo", { binary }, text), [{ binary }, text]);
        c.emit("big-bin", 100_000, "b");
        assert.ok((await c.next("b"))[0].equals(Buffer.alloc(100_000, 0xa5)));
      });

      it("is in rooms, with clients of today", async () => {
        const [c, other] = [await open(), await open()];
        const now = await connect(server);
        assert.deepEqual(await c.ask("join", ["a", "b"]), ["a", "b"]);
        for (const x of [now, other]) await x.ask("join", "a");
        const binary = Buffer.from([1, 2, 3]);
        for (const [from, ...to] of [[now, c, other], [c, now, other]]) {
          from.emit("to", "a", "news", text, { binary });
          for (const x of to) assert.deepEqual(await x.next("news"), [text, { binary }]);
          await from.settle();
          from.none("news");
        }
        assert.deepEqual(await c.ask("leave", "a"), ["b"]);
        now.emit("in", "a", "gone", 1);
        await other.next("gone");
        await c.settle();
        c.none("gone");
        now.emit("in", c.id, "private", 2);
        assert.deepEqual(await c.next("private"), [2]);
      });

      it("has several namespaces on one connection", async () => {
        const c = await open();
        const chat = new Older(server.url, { manager: c.manager, nsp: "/chat" });
        const admin = new Older(server.url, { manager: c.manager, nsp: "/admin", ...auth({ token: "secret", n: "x y" }) });
        await within(patience, Promise.all([chat.connected, admin.connected]), "connect");
        assert.deepEqual(await admin.next("auth"), [{ token: "secret", n: "x y" }]);
        assert.deepEqual(await admin.next("welcome"), [{ user: "root" }]);
        for (const [x, nsp] of [[c, "/"], [chat, "/chat"], [admin, "/admin"]]) {
          const h = await x.ask("handshake");
          // Version 1 knows its session's id alone.
          assert.deepEqual([h.nsp, h.id], [nsp, version === "1.7.4" && nsp !== "/" ? `${nsp}#${x.id}` : x.id]);
          assert.deepEqual(await x.askAll("echo", nsp, Buffer.from([1])), [nsp, Buffer.from([1])]);
        }
        chat.socket.disconnect();
        assert.equal(await chat.end(), "io client disconnect");
        assert.equal(await admin.ask("echo", "on"), "on");
        admin.emit("server-disconnect", false);
        assert.equal(await admin.end(), "io server disconnect");
        assert.equal(await c.ask("echo", "still"), "still");
      });

      it("is refused", async () => {
        const refused = (opts) => refusedOlder(version, server, { mode, ...opts });
        const wrong = await refused({ nsp: "/admin", ...auth({ token: "bad" }) });
        const none = await refused({ nsp: "/admin" });
        const unknown = await refused({ nsp: "/no-such" });
        if (eio === 4) {
          assert.deepEqual([wrong.message, wrong.data], ["unauthorized", { code: 401, hint: "use secret" }]);
          assert.equal(none.message, "missing token");
        } else {
          assert.deepEqual(wrong, { code: 401, hint: "use secret" });
          assert.equal(none, "missing token");
        }
        assert.equal(unknown.message, "Invalid namespace");
      });

      it("leaves, and is sent away", async () => {
        const watcher = await connect(server, { nsp: "/other" });
        const ends = [
          [(c) => c.socket.disconnect(), "io client disconnect", "client namespace disconnect"],
          [(c) => c.manager.engine.close(), "forced close", "transport close"],
          [(c) => c.emit("server-disconnect", false), "io server disconnect", "server namespace disconnect"],
          [(c) => c.emit("server-disconnect", true), "io server disconnect", "server namespace disconnect"],
          [(c) => c.emit("engine-close"), "transport close", "forced close"],
        ];
        for (const [end, seen, reason] of ends) {
          const c = await open();
          await c.ask("join", "r");
          const why = watcher.ask("reason-of", c.id);
          why.catch(() => {});
          end(c);
          assert.equal(await c.end(), seen);
          assert.deepEqual(await why, { reason, rooms: ["r"] });
        }
      });

      it("connects again after the server's restart", async () => {
        let s = await start("main");
        try {
          const c = await connectOlder(version, s, { mode, reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 });
          if (mode === "upgrade") await c.upgraded();
          assert.equal(await c.ask("echo", 1), 1);
          const before = c.id;
          const again = new Promise((resolve) => c.socket.once("connect", resolve));
          s.child.kill("SIGKILL");
          await s.exit;
          assert.match(await c.end(), /^transport (close|error)$/);
          s = await start("main", s.port);
          await within(patience, again, "connect");
          assert.notEqual(c.id, before);
          assert.deepEqual(await c.askAll("echo", 2, Buffer.from([3])), [2, Buffer.from([3])]);
          c.close();
        } finally {
          s.child.kill("SIGKILL");
        }
      });
    });
  }

  describe(`socket.io-client ${version}, heartbeats`, () => {
    const server = serve("ping");
    afterEach(closeAll);

    for (const mode of Object.keys(modes)) {
      it(`stays connected over ${mode}`, async () => {
        const c = await connectOlder(version, server, { mode });
        await sleep(1500);
        assert.deepEqual(c.ends.items, []);
        assert.equal(await c.ask("echo", 1), 1);
      });
    }
  });
}

describe("a server that does not allow them", () => {
  const server = serve("noupgrade");
  afterEach(closeAll);

  it("refuses clients of versions 1 and 2, not of 3", async () => {
    for (const mode of ["polling", "websocket"]) {
      for (const version of ["2.5.0", "1.7.4"]) {
        const err = await refusedOlder(version, server, { mode });
        assert.match(String(err.message), /^(xhr poll|websocket) error$/);
      }
      const c = await connectOlder("3.1.3", server, { mode });
      assert.equal(await c.ask("echo", 1), 1);
    }
  });
});

describe("revision 3 by hand", () => {
  const server = serve("main");
  const form = { "content-type": "application/x-www-form-urlencoded" };

  // A session over polling: poll and post give what the server answers.
  const session = async (query) => {
    const base = `/socket.io/?EIO=3&transport=polling${query}`;
    const open = await request(server, base);
    const sid = /\\?"sid\\?":\\?"([\w-]{20})/.exec(open.body)[1];
    const poll = () => request(server, `${base}&sid=${sid}`);
    const post = (body, headers = { "content-type": "text/plain;charset=UTF-8" }) =>
      request(server, `${base}&sid=${sid}`, { method: "POST", body, headers });
    return { open, poll, post };
  };

  it("JSONP: scripts that a browser can run", async () => {
    const { open, poll } = await session("&j=3");
    assert.equal(open.headers["content-type"], "text/plain; charset=UTF-8");
    assert.match(open.body, /^___eio\[3\]\("118:0\{\\"sid\\".*\}"\);$/);
    // A script can only be run: here as a browser does.
    const payload = async () => {
      const got = [];
      new Function("___eio", (await poll()).body)({ 3: (x) => got.push(x) });
      return got[0];
    };
    let greeting = await payload();
    if (!greeting.includes("auth")) greeting += await payload();
    assert.equal(greeting, '2:4013:42["auth",{}]');
  });

  it("JSONP: events and binary both ways", async () => {
    const { poll, post } = await session("&j=12");
    let all = "";
    const until = async (text) => {
      while (!all.includes(text)) all += JSON.parse(/^___eio\[12\]\((.*)\);$/s.exec((await poll()).body)[1]);
    };
    await until('["auth",{}]');
    const event = '42["echo","€+ \\\\"]';
    await post(`d=${encodeURIComponent(`${event.length}:${event}`)}`, form);
    await until(`${event.length}:${event}`);
    const binary = '451-["echo",{"_placeholder":true,"num":0}]';
    await post(`d=${encodeURIComponent(`${binary.length}:${binary}6:b4AQL/`)}`, form);
    await until(`${binary.length}:${binary}6:b4AQL/`);
  });

  it("binary payloads both ways", async () => {
    const { poll, post } = await session("");
    let all = Buffer.alloc(0);
    const until = async (b) => {
      for (;;) {
        const res = await poll();
        all = Buffer.concat([all, res.raw]);
        if (all.includes(b)) return res;
      }
    };
    const text = '451-["echo",{"_placeholder":true,"num":0}]';
    const payload = Buffer.concat([
      Buffer.from([0, ...String(text.length).split("").map(Number), 255]),
      Buffer.from(text),
      Buffer.from([1, 4, 255, 4, 1, 2, 255]),
    ]);
    const res = await post(payload, { "content-type": "application/octet-stream" });
    assert.deepEqual([res.status, res.body], [200, "ok"]);
    const answer = await until(payload);
    assert.equal(answer.headers["content-type"], "application/octet-stream");
  });
});
