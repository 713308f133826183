// Connection state recovery: the official client loses its connection and comes
// back to the socket it had, with what it has missed.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { engine } from "../lib/raw.js";
import { serve, stats } from "../lib/server.js";
import { until, within } from "../lib/util.js";

const back = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };

/** Resolves when the client has connected again. */
const again = (c) => within(4000, new Promise((resolve) => c.socket.once("connect", resolve)), "connect again");

/** Takes the connection from under the client, which comes back after ms. */
function lose(c, ms) {
  const { backoff } = c.manager;
  backoff.ms = backoff.max = ms;
  backoff.jitter = 0;
  const connected = again(c);
  c.manager.engine.close();
  return connected;
}

for (const mode of Object.keys(modes)) {
  describe(`recovery over ${mode}`, () => {
    // One may be away for half a minute here, and for 1.5 s in the other: too
    // short for what has to come in time on a machine that stalls.
    const server = serve("away");
    const strict = serve("recovery");
    afterEach(closeAll);

    it("keeps the id, the rooms and the data, and sends what was missed", async () => {
      const other = await connect(server);
      const c = await connect(server, { mode, ...back });
      if (mode === "upgrade") await c.upgraded();
      assert.deepEqual((await c.next("session"))[0], { recovered: false, rooms: [], data: {} });
      await c.ask("join", ["b", "a"]);
      await c.ask("set-data", "k", { v: 1 });
      const { id } = c;
      c.emit("later-in", 200, "a", "missed", 1, "text");
      c.emit("later-all", 210, "missed-by-all", Buffer.from([1, 2, 3]));
      c.emit("later-in", 220, "elsewhere", "missed-not");
      await c.settle();
      await lose(c, 500);
      assert.equal(c.socket.recovered, true);
      assert.equal(c.id, id);
      assert.deepEqual((await c.next("missed")).slice(0, 2), [1, "text"]);
      assert.deepEqual((await c.next("missed-by-all"))[0], Buffer.from([1, 2, 3]));
      assert.deepEqual((await c.next("session"))[0], { recovered: true, rooms: ["a", "b"], data: { k: { v: 1 } } });
      // For the others it is where it was.
      other.emit("to", "a", "hello", 1);
      assert.equal((await c.next("hello"))[0], 1);
      other.emit("in", id, "hello", 2);
      assert.equal((await c.next("hello"))[0], 2);
      c.none("missed-not");
    });

    it("comes back again and again", async () => {
      const c = await connect(server, { mode, ...back });
      const { id } = c;
      for (let i = 0; i < 3; i++) {
        c.emit("later", 100, "missed", i);
        await c.settle();
        await lose(c, 200);
        assert.equal((await c.next("missed"))[0], i);
        assert.equal(c.id, id);
      }
    });

    it("gives a new socket to a client that comes too late", async () => {
      const c = await connect(strict, { mode, ...back });
      await c.ask("join", ["a"]);
      const { id } = c;
      await lose(c, 2200);
      assert.equal(c.socket.recovered, false);
      assert.notEqual(c.id, id);
      assert.deepEqual(await c.ask("rooms"), []);
    });

    it("gives a new socket to a client that was sent away", async () => {
      const c = await connect(server, { mode, ...back });
      const { id } = c;
      c.emit("server-disconnect", false);
      await c.end();
      const connected = again(c);
      c.socket.connect();
      await connected;
      assert.equal(c.socket.recovered, false);
      assert.notEqual(c.id, id);
    });
  });
}

describe("recovery on the wire", () => {
  const server = serve("away");
  afterEach(closeAll);

  const join = async (auth = "") => {
    const w = await engine(server, "/socket.io/");
    w.send("40" + auth);
    return w;
  };
  const offset = (packet) => JSON.parse(packet.slice(packet.indexOf("["))).pop();

  it("sends what was missed, and then the CONNECT with the same ids", async () => {
    const w = await join();
    const hello = await w.packet();
    const { sid, pid } = JSON.parse(hello.slice(2));
    assert.match(pid, /^[-_0-9A-Za-z]{20}$/);
    assert.equal(hello, `40{"sid":"${sid}","pid":"${pid}"}`);
    await w.packet(); // auth
    const last = offset(await w.packet()); // session
    const watcher = await join();
    for (let i = 0; i < 3; i++) await watcher.packet(); // CONNECT, auth, session
    w.close();
    await until(async () => (await stats(server)).sockets === 1, "the server misses the client");
    watcher.send('42["all","a",1]');
    watcher.send('42["all","b"]');
    assert.match(await watcher.packet(), /^42\["a",1,/);
    assert.match(await watcher.packet(), /^42\["b",/);
    const again = await join(JSON.stringify({ pid, offset: last, token: "t" }));
    assert.match(await again.packet(), /^42\["a",1,"[^"]+"\]$/);
    assert.match(await again.packet(), /^42\["b","[^"]+"\]$/);
    assert.equal(await again.packet(), hello);
    again.close();
    watcher.close();
  });

  it("asks for no offset where an acknowledgement is asked for, or with volatile", async () => {
    const w = await join();
    for (let i = 0; i < 3; i++) await w.packet();
    w.send('42["volatile","v",1]');
    assert.equal(await w.packet(), '42["v",1]');
    w.send('420["ask","q",500,1]');
    assert.match(await w.packet(), /^42\d+\["q",1\]$/);
    w.close();
  });

  for (const [name, auth] of [
    ["an unknown pid", '{"pid":"AAAAAAAAAAAAAAAAAAAA","offset":"a.1"}'],
    ["a pid of another kind", '{"pid":1,"offset":"a.1"}'],
    ["a pid alone", '{"pid":"AAAAAAAAAAAAAAAAAAAA"}'],
    ["a pid of an object's prototype", '{"pid":"__proto__","offset":"constructor"}'],
  ])
    it(`connects anew with ${name}`, async () => {
      const w = await join(auth);
      assert.match(await w.packet(), /^40\{"sid":"[-_0-9A-Za-z]{20}","pid":"[-_0-9A-Za-z]{20}"\}$/);
      w.close();
    });
});
