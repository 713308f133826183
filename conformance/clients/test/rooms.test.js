// Rooms and broadcasts, over each transport and between them.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect, modes, several } from "../lib/client.js";
import { serve } from "../lib/server.js";
import { patience, sleep } from "../lib/util.js";

/** Everything sent so far has come through to all of them. */
const settleAll = (clients) => Promise.all(clients.map((c) => c.settle()));

for (const mode of Object.keys(modes)) {
  describe(`rooms over ${mode}`, () => {
    const server = serve("main");
    afterEach(closeAll);

    it("join, leave, rooms", async () => {
      const c = await connect(server, { mode });
      assert.deepEqual(await c.ask("rooms"), []);
      assert.deepEqual(await c.ask("join", "b"), ["b"]);
      assert.deepEqual(await c.ask("join", ["c", "a"]), ["a", "b", "c"]);
      assert.deepEqual(await c.ask("join", "b"), ["a", "b", "c"]);
      assert.deepEqual(await c.ask("leave", "b"), ["a", "c"]);
      assert.deepEqual(await c.ask("leave", "never joined"), ["a", "c"]);
      assert.deepEqual(await c.ask("rooms"), ["a", "c"]);
      assert.deepEqual(await c.ask("join", ["é ,\"", ""]), ["", "a", "c", 'é ,"']);
    });

    it("to: all in the room but the sender", async () => {
      const all = await several(server, 3, { mode });
      const [a, b, c] = all;
      await Promise.all([a.ask("join", "r"), b.ask("join", "r")]);
      a.emit("to", "r", "hi", 1, { x: 2 });
      assert.deepEqual(await b.next("hi"), [1, { x: 2 }]);
      c.emit("to", "r", "hi", 2);
      assert.deepEqual(await a.next("hi"), [2]);
      assert.deepEqual(await b.next("hi"), [2]);
      await settleAll(all);
      for (const x of all) x.none("hi");
    });

    it("to several rooms: each socket once", async () => {
      const all = await several(server, 4, { mode });
      const [a, b, c, d] = all;
      await Promise.all([b.ask("join", "r1"), c.ask("join", ["r1", "r2"]), d.ask("join", "r3")]);
      a.emit("to", ["r1", "r2"], "once", 1);
      assert.deepEqual(await b.next("once"), [1]);
      assert.deepEqual(await c.next("once"), [1]);
      await settleAll(all);
      for (const x of all) x.none("once");
    });

    it("in: the sender too", async () => {
      const all = await several(server, 2, { mode });
      const [a, b] = all;
      await Promise.all(all.map((c) => c.ask("join", "in")));
      a.emit("in", "in", "hey", 1);
      assert.deepEqual(await a.next("hey"), [1]);
      assert.deepEqual(await b.next("hey"), [1]);
    });

    it("a socket's id is a room", async () => {
      const [a, b] = await several(server, 2, { mode });
      a.emit("to", b.id, "private", 1);
      assert.deepEqual(await b.next("private"), [1]);
    });

    it("except", async () => {
      const all = await several(server, 3, { mode });
      const [a, b, c] = all;
      await Promise.all([a.ask("join", "x1"), b.ask("join", ["x1", "x2"]), c.ask("join", "x3")]);
      c.emit("except", ["x1"], ["x2"], "e", 1);
      assert.deepEqual(await a.next("e"), [1]);
      c.emit("except", [], ["x1"], "f", 2);
      assert.deepEqual(await c.next("f"), [2]);
      c.emit("except", [], [a.id, c.id], "g", 3);
      assert.deepEqual(await b.next("g"), [3]);
      await settleAll(all);
      for (const x of all) x.none("e", "f", "g");
    });

    it("broadcast and all", async () => {
      const all = await several(server, 3, { mode });
      all[0].emit("broadcast", "b", 1);
      assert.deepEqual(await all[1].next("b"), [1]);
      assert.deepEqual(await all[2].next("b"), [1]);
      all[0].emit("all", "a", 2);
      for (const c of all) assert.deepEqual(await c.next("a"), [2]);
      await settleAll(all);
      for (const c of all) c.none("a", "b");
    });

    it("binary broadcasts", async () => {
      const all = await several(server, 3, { mode });
      const args = [Buffer.from([1, 2]), { deep: [Buffer.alloc(70_000, 3)] }, "x"];
      all[0].emit("all", "bin", ...args);
      for (const c of all) assert.deepEqual(await c.next("bin"), args);
    });

    it("order holds between single events and broadcasts", async () => {
      const c = await connect(server, { mode });
      await c.ask("join", "mine");
      for (let i = 0; i < 60; i++) {
        if (i % 3 === 0) c.emit("in", "mine", "o", i);
        else if (i % 3 === 1) c.emit("all", "o", i);
        else c.emit("in", c.id, "o", i);
      }
      for (let i = 0; i < 60; i++) assert.deepEqual(await c.next("o"), [i]);
    });

    it("leaving and leaving the server end membership", async () => {
      const [a, b, c] = await several(server, 3, { mode });
      await Promise.all([a.ask("join", "z"), b.ask("join", "z"), c.ask("join", "z")]);
      await b.ask("leave", "z");
      c.close();
      a.emit("in", "z", "last", 1);
      assert.deepEqual(await a.next("last"), [1]);
      await b.settle();
      b.none("last");
    });

    it("to-ask gathers an answer of each", async () => {
      const [a, b, c] = await several(server, 3, { mode });
      await Promise.all([a.ask("join", "q"), b.ask("join", "q"), c.ask("join", "q")]);
      for (const [x, v] of [[a, "A"], [b, "B"], [c, { c: 1 }]]) x.on("quiz", (n, cb) => cb(n === 7 ? v : null));
      const all = await a.ask("to-ask", "q", "quiz", patience / 2, 7);
      assert.equal(all.err, false);
      assert.deepEqual(all.responses.map((r) => JSON.stringify(r)).sort(), ['"A"', '"B"', '{"c":1}']);
    });

    it("to-ask says when one is silent, and gives the others", async () => {
      const [a, b] = await several(server, 2, { mode });
      await Promise.all([a.ask("join", "q2"), b.ask("join", "q2")]);
      a.on("quiz", (cb) => cb("here"));
      assert.deepEqual(await a.ask("to-ask", "q2", "quiz", 1500), { err: true, responses: ["here"] });
      assert.deepEqual(await a.ask("to-ask", "empty room", "quiz", 150), { err: false, responses: [] });
    });

    it("to-ask with binary answers", async () => {
      const a = await connect(server, { mode });
      await a.ask("join", "q3");
      a.on("blob", (b, cb) => cb(Buffer.concat([b, b])));
      assert.deepEqual(await a.ask("to-ask", "q3", "blob", patience / 2, Buffer.from([5])), { err: false, responses: [Buffer.from([5, 5])] });
    });

    it("fetch-sockets", async () => {
      const [a, b, c] = await several(server, 3, { mode });
      await Promise.all([a.ask("join", ["f", "g"]), b.ask("join", "f"), c.ask("join", "h")]);
      await b.ask("set-data", "name", "bee");
      const got = await a.ask("fetch-sockets", "f");
      const want = [
        { id: a.id, rooms: ["f", "g"], data: {} },
        { id: b.id, rooms: ["f"], data: { name: "bee" } },
      ];
      const by = (x, y) => (x.id < y.id ? -1 : 1);
      assert.deepEqual(got.sort(by), want.sort(by));
      assert.deepEqual(await a.ask("fetch-sockets", "nobody"), []);
    });

    it("sockets-join and sockets-leave", async () => {
      const [a, b, c] = await several(server, 3, { mode });
      await Promise.all([a.ask("join", "s"), b.ask("join", "s")]);
      await a.ask("sockets-join", "s", ["t", "u"]);
      assert.deepEqual(await a.ask("rooms"), ["s", "t", "u"]);
      assert.deepEqual(await b.ask("rooms"), ["s", "t", "u"]);
      assert.deepEqual(await c.ask("rooms"), []);
      c.emit("in", "t", "moved", 1);
      assert.deepEqual(await b.next("moved"), [1]);
      await a.ask("sockets-leave", "s", "t");
      assert.deepEqual(await b.ask("rooms"), ["s", "u"]);
    });

    it("disconnect-sockets", async () => {
      const [a, b, c] = await several(server, 3, { mode });
      await Promise.all([a.ask("join", "d"), b.ask("join", "e")]);
      c.emit("disconnect-sockets", "d", false);
      assert.equal(await a.end(), "io server disconnect");
      c.emit("disconnect-sockets", "e", true);
      assert.equal(await b.end(), "io server disconnect");
      assert.equal(await c.ask("echo", 1), 1);
    });

    it("a namespace is a world of its own", async () => {
      const a = await connect(server, { mode });
      const b = await connect(server, { mode, nsp: "/chat" });
      await Promise.all([a.ask("join", "same"), b.ask("join", "same")]);
      a.emit("all", "w", 1);
      a.emit("in", "same", "w", 2);
      assert.deepEqual(await a.next("w"), [1]);
      assert.deepEqual(await a.next("w"), [2]);
      await b.settle();
      b.none("w");
    });
  });
}

describe("rooms across transports", () => {
  const server = serve("main");
  afterEach(closeAll);

  it("one broadcast reaches all of them", async () => {
    const all = await Promise.all(Object.keys(modes).flatMap((mode) => Array.from({ length: 10 }, () => connect(server, { mode }))));
    await Promise.all(all.map((c) => c.ask("join", "mixed")));
    for (let i = 0; i < 20; i++) all[i % all.length].emit("in", "mixed", "m", i, i % 5 ? "text" : Buffer.from([i]));
    const seen = await Promise.all(
      all.map(async (c) => {
        const got = [];
        for (let i = 0; i < 20; i++) got.push((await c.next("m"))[0]);
        return got.sort((x, y) => x - y).join();
      }),
    );
    assert.deepEqual(new Set(seen), new Set([Array.from({ length: 20 }, (_, i) => i).join()]));
    await sleep(20);
    for (const c of all) c.none("m");
  });

  it("many rooms, many members", async () => {
    const all = await several(server, 40);
    await Promise.all(all.map((c, i) => c.ask("join", [`mod${i % 4}`, `half${i % 2}`])));
    all[0].emit("except", ["half0", "half1"], ["mod0"], "n", 1);
    for (const [i, c] of all.entries()) if (i % 4) assert.deepEqual(await c.next("n"), [1], `client ${i}`);
    await sleep(20);
    await settleAll(all);
    for (const c of all) c.none("n"); // neither twice nor where it is not meant
  });
});
