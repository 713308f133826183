// Events and acknowledgements both ways, over each transport of the official
// client.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { serve } from "../lib/server.js";
import { patience, sleep, within } from "../lib/util.js";

const values = [
  [],
  [null],
  [true, false],
  [0, -1, 1.5, 1e21, 1e-7, 9007199254740991],
  ["", "a", "€", "🦄", "\u0000\u001f\u007f\u2028\u2029", 'quote " back \\ slash /'],
  [[], {}, [[]], { a: {} }],
  [{ a: 1, b: [1, "2", { c: null }], "€": "x" }],
  ["a".repeat(20_000)],
  [{ __proto__x: 1, constructor: 2, toJSON: 3 }],
];

for (const mode of Object.keys(modes)) {
  describe(`events over ${mode}`, () => {
    const server = serve("main");
    afterEach(closeAll);

    it("greets with the auth payload", async () => {
      const c = await connect(server, { mode, auth: { token: "t", n: [1, { x: "é" }] } });
      assert.deepEqual(await c.next("auth"), [{ token: "t", n: [1, { x: "é" }] }]);
      const none = await connect(server, { mode });
      assert.deepEqual(await none.next("auth"), [{}]);
    });

    it("message comes back as message-back", async () => {
      const c = await connect(server, { mode });
      for (const args of values) {
        c.emit("message", ...args);
        assert.deepEqual(await c.next("message-back"), args);
      }
    });

    it("message-with-ack and echo acknowledge their arguments", async () => {
      const c = await connect(server, { mode });
      for (const args of values) {
        assert.deepEqual(await c.askAll("message-with-ack", ...args), args);
        assert.deepEqual(await c.askAll("echo", ...args), args);
      }
    });

    it("echo without an acknowledgement is an event", async () => {
      const c = await connect(server, { mode });
      for (const args of values) {
        c.emit("echo", ...args);
        assert.deepEqual(await c.next("echo"), args);
      }
    });

    it("binary goes through, alone and nested", async () => {
      const c = await connect(server, { mode });
      const b = (...bytes) => Buffer.from(bytes);
      for (const args of [
        [b(1, 2, 3)],
        [b()],
        [b(0xff), "x", b(0xfe, 0)],
        [{ a: b(1), c: { d: [b(2), 7, b(3)] } }, b(4)],
        [Buffer.alloc(100_000, 7)],
        Array.from({ length: 10 }, (_, i) => b(i)),
      ]) {
        c.emit("echo", ...args);
        assert.deepEqual(await c.next("echo"), args);
        assert.deepEqual(await c.askAll("echo", ...args), args);
        assert.deepEqual(await c.askAll("message-with-ack", ...args), args);
        c.emit("message", ...args);
        assert.deepEqual(await c.next("message-back"), args);
      }
    });

    it("binary from typed arrays and array buffers", async () => {
      const c = await connect(server, { mode });
      assert.deepEqual(await c.ask("echo", new Uint8Array([1, 2, 3])), Buffer.from([1, 2, 3]));
      assert.deepEqual(await c.ask("echo", new Uint8Array([4, 5]).buffer), Buffer.from([4, 5]));
    });

    it("events of any name", async () => {
      const c = await connect(server, { mode });
      for (const name of ["a", "", " ", "é€", "with space", 'quo"te', "back\\slash", "\n", "x".repeat(300)]) {
        c.emit("to", c.id, "unheard"); // to its own room: all but the sender, so nobody
        c.emit("in", c.id, name, 1);
        assert.deepEqual(await c.next(name), [1]);
      }
      c.none("unheard");
    });

    it("keeps the order of what is sent and of what is answered", async () => {
      const c = await connect(server, { mode });
      for (let i = 0; i < 300; i++) c.emit("echo", i);
      for (let i = 0; i < 300; i++) assert.deepEqual(await c.next("echo"), [i]);
      c.emit("seq", 500, "s");
      for (let i = 0; i < 500; i++) assert.deepEqual(await c.next("s"), [i]);
    });

    it("an acknowledgement per request, however many are open", async () => {
      const c = await connect(server, { mode });
      const all = await Promise.all(Array.from({ length: 200 }, (_, i) => c.ask("echo", i)));
      assert.deepEqual(all, Array.from({ length: 200 }, (_, i) => i));
    });

    it("ack-none never answers, with or without asking", async () => {
      const c = await connect(server, { mode });
      c.emit("ack-none");
      await assert.rejects(c.socket.timeout(100).emitWithAck("ack-none"), /timed out/);
      await c.settle();
    });

    it("only the first of two answers goes out", async () => {
      const c = await connect(server, { mode });
      const got = [];
      c.socket.emit("ack-twice", "one", "two", (x) => got.push(x));
      await c.settle();
      await sleep(30);
      assert.deepEqual(got, ["one"]);
    });

    it("ack-late answers later, and others overtake it", async () => {
      const c = await connect(server, { mode });
      const begin = Date.now();
      const order = [];
      const asked = [c.ask("ack-late", 1000), c.ask("echo", "soon")].map((answer) => answer.then((x) => order.push(x)));
      await Promise.all(asked);
      assert.deepEqual(order, ["soon", "late"]);
      assert.ok(Date.now() - begin >= 990);
    });

    it("the server asks the client", async () => {
      const c = await connect(server, { mode });
      c.on("question", (...args) => args.pop()("answer", args));
      assert.deepEqual(await c.ask("ask", "question", patience / 2, 1, "x", [null]), { ok: true, args: ["answer", [1, "x", [null]]] });
      c.on("empty", (cb) => cb());
      assert.deepEqual(await c.ask("ask", "empty", patience / 2), { ok: true, args: [] });
      c.on("blob", (b, cb) => cb(Buffer.concat([b, b])));
      assert.deepEqual(await c.ask("ask", "blob", patience / 2, Buffer.from([1, 2])), { ok: true, args: [Buffer.from([1, 2, 1, 2])] });
    });

    it("a question without an answer times out", async () => {
      const c = await connect(server, { mode });
      const begin = Date.now();
      assert.deepEqual(await c.ask("ask", "silence", 150), { ok: false, error: "operation has timed out" });
      const took = Date.now() - begin;
      assert.ok(took >= 140 && took < 10_000, `${took} ms`);
    });

    it("an answer after the timeout is ignored", async () => {
      const c = await connect(server, { mode });
      const asked = new Promise((resolve) => c.on("slow", resolve));
      assert.deepEqual(await c.ask("ask", "slow", 50), { ok: false, error: "operation has timed out" });
      (await within(patience, asked, "question"))("too late");
      assert.equal(await c.ask("echo", "alive"), "alive");
    });

    it("big events and big binary events from the server", async () => {
      const c = await connect(server, { mode });
      for (const n of [0, 1, 125, 126, 65_535, 65_536, 900_000]) {
        c.emit("big", n, "s");
        const [s] = await c.next("s");
        assert.ok(s.length === n && /^x*$/.test(s), `${n} characters`);
        c.emit("big-bin", n, "b");
        const [b] = await c.next("b");
        assert.ok(b.equals(Buffer.alloc(n, 0xa5)), `${n} bytes`);
      }
    });

    it("several attachments in one event", async () => {
      const c = await connect(server, { mode });
      for (const n of [1, 2, 10]) {
        c.emit("bins", n, 1000, "b");
        assert.deepEqual(await c.next("b"), Array.from({ length: n }, (_, i) => Buffer.alloc(1000, i)));
      }
    });

    it("later, later-all, later-in", async () => {
      const c = await connect(server, { mode });
      await c.ask("join", "delayed");
      const begin = Date.now();
      c.emit("later", 60, "one", 1);
      c.emit("later-all", 80, "two", 2);
      c.emit("later-in", 100, "delayed", "three", 3);
      assert.deepEqual(await c.next("one"), [1]);
      assert.ok(Date.now() - begin >= 55);
      assert.deepEqual(await c.next("two"), [2]);
      assert.deepEqual(await c.next("three"), [3]);
    });

    it("volatile events arrive at a client that can take them", async () => {
      const c = await connect(server, { mode });
      if (mode === "upgrade") await c.upgraded();
      for (let i = 0; i < 5; i++) {
        await sleep(30);
        c.emit("volatile", "v", i);
        if (mode !== "polling") assert.deepEqual(await c.next("v"), [i]);
      }
      // Over polling the event is dropped when no GET waits at that moment.
      await c.settle();
    });

    it("a volatile event never overtakes nor replaces another", async () => {
      const c = await connect(server, { mode });
      c.emit("volatile-then", "maybe", "surely");
      const [first] = await c.any();
      assert.ok(["maybe", "surely"].includes(first));
      if (first === "maybe") assert.deepEqual(await c.any(), ["surely"]);
    });

    it("uncompressed events", async () => {
      const c = await connect(server, { mode });
      c.emit("uncompressed", "u", "x".repeat(3000));
      assert.deepEqual(await c.next("u"), ["x".repeat(3000)]);
    });

    it("socket data", async () => {
      const c = await connect(server, { mode });
      assert.deepEqual(await c.ask("get-data"), {});
      assert.deepEqual(await c.ask("set-data", "k", { v: [1] }), { k: { v: [1] } });
      assert.deepEqual(await c.ask("set-data", "l", "m"), { k: { v: [1] }, l: "m" });
      assert.deepEqual(await c.ask("get-data"), { k: { v: [1] }, l: "m" });
      const other = await connect(server, { mode });
      assert.deepEqual(await other.ask("get-data"), {});
    });

    it("transport and protocol", async () => {
      const c = await connect(server, { mode });
      if (mode === "upgrade") await c.upgraded();
      assert.equal(await c.ask("transport"), mode === "polling" ? "polling" : "websocket");
      assert.equal(await c.ask("protocol"), 4);
    });

    it("the handshake", async () => {
      const before = Date.now();
      const c = await connect(server, {
        mode,
        query: { a: "1", b: "x y&z€" },
        auth: { k: "v" },
        extraHeaders: { "x-custom": "cust", cookie: "c=1; d=2" },
      });
      const h = await c.ask("handshake");
      assert.equal(h.query.a, "1");
      assert.equal(h.query.b, "x y&z€");
      assert.equal(h.query.EIO, "4");
      assert.equal(h.query.transport, mode === "websocket" ? "websocket" : "polling");
      assert.deepEqual(h.auth, { k: "v" });
      assert.match(h.url, /^\/socket\.io\/\?/);
      assert.match(h.url, /[?&]a=1&b=x%20y%26z%E2%82%AC/);
      assert.equal(h.secure, false);
      assert.equal(h.xdomain, false);
      assert.ok(Math.abs(h.issued - before) < patience);
      assert.deepEqual([h.hasTime, h.hasAddress], [true, true]);
      assert.equal(h.custom, "cust");
      assert.equal(h.cookie, "c=1; d=2");
      assert.equal(h.nsp, "/");
      assert.equal(h.id, c.id);
    });

    it("a packet middleware refuses an event", async () => {
      const c = await connect(server, { mode });
      c.emit("mw-blocked", 1);
      assert.deepEqual(await c.next("mw-error"), ["blocked by middleware", { event: "mw-blocked" }]);
      assert.equal(await c.ask("echo", 1), 1);
    });

    it("an unknown event is ignored", async () => {
      const c = await connect(server, { mode });
      c.emit("no-such-event", 1, { a: 2 }, Buffer.from([1]));
      await assert.rejects(c.socket.timeout(80).emitWithAck("no-such-event"), /timed out/);
      assert.equal(await c.ask("echo", 1), 1);
    });
  });
}
