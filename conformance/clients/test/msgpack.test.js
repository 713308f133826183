// The other two parsers: what the official client does with them, and what the
// bytes are.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import jsonParser from "socket.io-json-parser";
import msgpackParser from "socket.io-msgpack-parser";
import { closeAll, connect, modes, refused, several } from "../lib/client.js";
import { engine, polling } from "../lib/raw.js";
import { serve, stats } from "../lib/server.js";
import { until } from "../lib/util.js";

for (const [profile, parser] of [["msgpack", msgpackParser], ["json", jsonParser]]) {
  for (const mode of Object.keys(modes)) {
    describe(`profile ${profile} over ${mode}`, () => {
      const server = serve(profile);
      const own = { mode, parser };
      afterEach(closeAll);

      it("carries events both ways, with everything JSON has", async () => {
        const c = await connect(server, own);
        if (mode === "upgrade") await c.upgraded();
        const args = [
          0, 1, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 40), 2 ** 53 - 1, 1.5, -0.25, 1.5e-7,
          "", "text", "x".repeat(31), "x".repeat(32), "x".repeat(255), "x".repeat(256), "x".repeat(70000),
          "日本語 😀 \u0000\n\"\\", true, false, null, [], {}, [[[1]]], { a: { b: ["c"] }, "ключ": 1 },
          Array.from({ length: 16 }, (_, i) => i), Array.from({ length: 70000 }, () => 0),
          Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])),
        ];
        c.emit("echo", ...args);
        // An echo without an acknowledgement comes back as an event.
        assert.deepEqual(await c.next("echo"), args);
        assert.deepEqual(await c.askAll("echo", ...args), args);
      });

      it("answers a refused connection with its data", async () => {
        const err = await refused(server, { ...own, nsp: "/admin", auth: { token: "nope" } });
        assert.equal(err.message, "unauthorized");
        assert.deepEqual(err.data, { code: 401, hint: "use secret" });
        assert.equal((await refused(server, { ...own, nsp: "/nope" })).message, "Invalid namespace");
      });

      it("has namespaces, and what the client says to join one", async () => {
        const c = await connect(server, { ...own, nsp: "/admin", auth: { token: "secret", list: [1, { a: null }] } });
        assert.deepEqual((await c.next("auth"))[0], { token: "secret", list: [1, { a: null }] });
        assert.deepEqual((await c.next("welcome"))[0], { user: "root" });
        const d = await connect(server, { ...own, nsp: "/dyn-7" });
        assert.equal(await d.ask("echo", "x"), "x");
      });

      it("asks the client", async () => {
        const c = await connect(server, own);
        c.on("question", (a, b, answer) => answer(a + b, { a }));
        const got = await c.ask("ask", "question", 5000, 1, 2);
        assert.deepEqual(got, { ok: true, args: [3, { a: 1 }] });
      });

      it("broadcasts to rooms", async () => {
        const [a, b, c] = await several(server, 3, own);
        await Promise.all([a, b].map((x) => x.ask("join", ["r"])));
        a.emit("to", "r", "news", { n: 1 });
        a.emit("in", "r", "all", 2);
        assert.deepEqual(await b.next("news"), [{ n: 1 }]);
        assert.deepEqual(await a.next("all"), [2]);
        await c.settle();
        c.none("news", "all");
        await a.settle();
        a.none("news");
      });

      it("ends with the client", async () => {
        const c = await connect(server, own);
        const before = (await stats(server)).sockets;
        c.socket.disconnect();
        await until(async () => (await stats(server)).sockets === before - 1, "the socket is gone");
      });
    });
  }
}

for (const mode of Object.keys(modes)) {
  describe(`binary in msgpack over ${mode}`, () => {
    const server = serve("msgpack");
    const own = { mode, parser: msgpackParser };
    afterEach(closeAll);

    it("is binary anywhere, more than ten of it too", async () => {
      const c = await connect(server, own);
      const many = Array.from({ length: 40 }, (_, i) => Buffer.alloc(i, i));
      const args = [Buffer.from([1, 2, 3]), Buffer.alloc(0), { a: { b: [Buffer.from("in")] } }, many, Buffer.alloc(70000, 7), "text"];
      c.emit("echo", ...args);
      assert.deepEqual(await c.next("echo"), args);
      assert.deepEqual(await c.askAll("echo", ...args), args);
      c.emit("big-bin", 200_000, "big");
      assert.equal((await c.next("big"))[0].length, 200_000);
      c.on("question", (b, answer) => answer(Buffer.concat([b, b])));
      assert.deepEqual(await c.ask("ask", "question", 5000, Buffer.from("x")), { ok: true, args: [Buffer.from("xx")] });
    });

    it("comes from views and buffers", async () => {
      const c = await connect(server, own);
      assert.deepEqual(await c.ask("echo", new Uint8Array([1, 2]).buffer), Buffer.from([1, 2]));
      assert.deepEqual(await c.ask("echo", [new Uint8Array(300)]), [Buffer.alloc(300)]);
    });
  });
}

describe("values that JSON has not", () => {
  const server = serve("msgpack");
  afterEach(closeAll);
  it("are what JSON.stringify makes of them", async () => {
    const c = await connect(server, { parser: msgpackParser });
    const date = new Date(1700000000123);
    const args = [NaN, Infinity, undefined, date, { u: undefined, d: date, v: 1 }, new Date(NaN), new Date(8e15)];
    const want = JSON.parse(JSON.stringify(args));
    want[5] = "1970-01-01T00:00:00.000Z"; // an invalid Date is written as 0
    assert.deepEqual(await c.askAll("echo", ...args), want);
  });
});

// WIRE: one map for each packet, with the keys in any order.
const hex = (s) => Buffer.from(s.replace(/ /g, ""), "hex");
const str = (s) => Buffer.concat([Buffer.from([0xa0 | s.length]), Buffer.from(s)]).toString("hex");
const [type, nsp, data, id, root] = ["type", "nsp", "data", "id", "/"].map(str);
const connectPacket = hex(`82 ${type} 00 ${nsp} ${root}`);

/** A raw client that has joined, with its sid. */
async function joined(server) {
  const w = await engine(server, "/socket.io/");
  w.send(connectPacket);
  const reply = await w.packet();
  const begin = `83${type}00${data}81${str("sid")}b4`;
  assert.equal(reply.toString("hex").slice(0, begin.length), begin);
  assert.equal(reply.toString("hex").slice(begin.length + 40), nsp + root);
  assert.equal((await w.packet()).toString("hex"), `83${type}02${nsp}${root}${data}92${str("auth")}80`);
  return w;
}

describe("msgpack, byte by byte", () => {
  const server = serve("msgpack");
  afterEach(closeAll);

  it("is what the reference sends and takes", async () => {
    const w = await joined(server);
    w.send(hex(`84 ${type} 02 ${nsp} ${root} ${data} 93 ${str("echo")} ${str("x")} 01 ${id} 03`));
    assert.equal((await w.packet()).toString("hex"), `84${id}03${type}03${data}92${str("x")}01${nsp}${root}`);
    // Other order, undefined keys, keys of no meaning, the longest forms.
    w.send(hex(`df 00000006 ${data} dd 00000002 db 00000004 6563686f c6 00000001 ff ${str("options")} 81 ${str("compress")} c3 ${id} cb 401c000000000000 ${nsp} d9 01 2f ${type} d3 0000000000000002 ${str("x")} d40000`));
    assert.equal((await w.packet()).toString("hex"), `84${id}07${type}03${data}91c401ff${nsp}${root}`);
    w.send(hex(`82 ${type} 00 ${nsp} ${str("/nope")}`));
    assert.equal((await w.packet()).toString("hex"), `83${type}04${nsp}${str("/nope")}${data}81${str("message")}${str("Invalid namespace")}`);
    w.send(hex(`82 ${type} 01 ${nsp} ${root}`));
    w.close();
  });

  it("goes over polling as base64", async () => {
    const p = await polling(server, "/socket.io/");
    await p.post(`b${connectPacket.toString("base64")}`);
    const [reply] = await p.packets();
    assert.equal(reply[0], "b");
    assert.equal(Buffer.from(reply.slice(1), "base64").subarray(0, 6).toString("hex"), `83${type}`);
  });

  it("ends the connection for anything else, and no other", async () => {
    const good = await joined(server);
    const event = (v) => `83 ${type} 02 ${nsp} ${root} ${data} 92 ${str("echo")} ${v}`;
    const bad = {
      "text": "2[\"echo\"]",
      "nothing": hex(""),
      "truncated": hex(event("01")).subarray(0, -1),
      "a length beyond the end": hex(event("dbffffffff")),
      "a list beyond the end": hex(event("ddffffffff")),
      "a map beyond the end": hex(event("dfffffffff")),
      "binary beyond the end": hex(event("c6ffffffff")),
      "deep": hex(event("91".repeat(100_000) + "01")),
      "trailing bytes": hex(event("01") + "00"),
      "an unused head": hex(event("c1")),
      "a number for a key": hex(event("81 01 01")),
      "type twice": hex(`84 ${type} 02 ${type} 02 ${nsp} ${root} ${data} 91 ${str("echo")}`),
      "data twice": hex(`84 ${type} 02 ${nsp} ${root} ${data} 91 ${str("echo")} ${data} 91 ${str("echo")}`),
      "type 5": hex(`83 ${type} 05 ${nsp} ${root} ${data} 91 ${str("echo")}`),
      "type of text": hex(`83 ${type} ${str("2")} ${nsp} ${root} ${data} 91 ${str("echo")}`),
      "no type": hex(`82 ${nsp} ${root} ${data} 91 ${str("echo")}`),
      "no namespace": hex(`82 ${type} 02 ${data} 91 ${str("echo")}`),
      "a number for a namespace": hex(`83 ${type} 02 ${nsp} 01 ${data} 91 ${str("echo")}`),
      "an id of text": hex(`84 ${type} 02 ${nsp} ${root} ${data} 91 ${str("echo")} ${id} ${str("1")}`),
      "half an id": hex(`84 ${type} 02 ${nsp} ${root} ${data} 91 ${str("echo")} ${id} cb 3fe0000000000000`),
      "an object for an event": hex(`83 ${type} 02 ${nsp} ${root} ${data} 80`),
      "no data for an event": hex(`82 ${type} 02 ${nsp} ${root}`),
      "no map": hex("93 02 a12f 90"),
      "binary without end": hex(event("dc1000" + "c400".repeat(4096))),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      const w = await joined(server);
      w.send(bytes);
      await w.end().catch((err) => assert.fail(`${name}: ${err.message}`));
    }
    good.send(hex(`84 ${type} 02 ${nsp} ${root} ${data} 91 ${str("echo")} ${id} 00`));
    assert.equal((await good.packet()).toString("hex"), `84${id}00${type}03${data}90${nsp}${root}`);
    good.close();
  });
});
