// Heartbeats. What has to end is left silent on profile ping: a ping every 300 ms,
// 250 ms to answer. What has to live is on profile abuse, with a second for each,
// for a busy machine may well be late by 250 ms.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { engine, polling } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { patience, within } from "../lib/util.js";

// They mostly wait, so they wait together.
describe("heartbeat", { concurrency: true }, () => {
  const quick = serve("ping");
  const server = serve("abuse");
  after(closeAll);

  it("says its times in the handshake", async () => {
    for (const [s, times] of [[quick, [300, 250]], [server, [1000, 1000]]]) {
      const w = await engine(s);
      assert.deepEqual([w.open.pingInterval, w.open.pingTimeout], times);
      w.close();
    }
  });

  it("pings a websocket at the interval, as long as it answers", async () => {
    let begin = Date.now();
    const w = await engine(server);
    for (let i = 0; i < 4; i++) {
      assert.equal(await w.next(), "2");
      const took = Date.now() - begin;
      assert.ok(took > 900 && took < 10_000, `ping ${i} after ${took} ms`);
      begin = Date.now();
      w.send("3");
    }
    w.close();
  });

  it("ends a websocket that does not answer", async () => {
    const begin = Date.now();
    const w = await engine(quick);
    assert.equal(await w.next(), "2");
    await w.end();
    const took = Date.now() - begin;
    assert.ok(took >= 500 && took < 10_000, `after ${took} ms`);
  });

  it("does not take an unasked pong for an answer", async () => {
    const w = await engine(quick);
    w.send("3");
    await w.end();
  });

  it("pings over polling, and ends what does not answer", async () => {
    const p = await polling(server);
    for (let i = 0; i < 3; i++) {
      assert.equal((await p.get()).body, "2");
      assert.equal((await p.post("3")).body, "ok");
    }
    assert.equal((await p.get()).body, "2");
    assert.ok(await p.gone());
  });

  it("ends a polling session that never polls", async () => {
    const p = await polling(quick);
    assert.ok(await p.gone());
  });

  it("ends a waiting GET when the ping is not answered", async () => {
    const p = await polling(server);
    assert.equal((await p.get()).body, "2");
    const res = await p.get().catch((err) => ({ status: 0, err }));
    assert.ok(res.status === 0 || res.body === "1" || res.status === 400, JSON.stringify(res));
    assert.ok(await p.gone());
  });

  /** Resolves at the n-th ping from now. */
  const pings = (c, n) =>
    within(
      patience,
      new Promise((resolve) => c.manager.on("ping", () => --n || resolve())),
      "pings",
    );

  for (const mode of Object.keys(modes)) {
    it(`keeps the official client for many intervals (${mode})`, async () => {
      const c = await connect(server, { mode });
      await pings(c, 3);
      assert.equal(await c.ask("echo", "alive"), "alive");
      assert.equal(c.ends.items.length, 0);
    });
  }

  it("a session that is upgraded keeps its beat", async () => {
    const begin = Date.now();
    const c = await connect(server, { mode: "upgrade" });
    await c.upgraded();
    await pings(c, 2);
    const took = Date.now() - begin;
    assert.ok(took > 1900, `two pings within ${took} ms`);
  });

  it("the reason is ping timeout on the server", async () => {
    const watcher = await connect(server);
    const w = await engine(server, "/socket.io/");
    w.send("40");
    const sid = JSON.parse((await w.packet()).slice(2)).sid;
    const got = watcher.ask("reason-of", sid);
    await w.end();
    assert.deepEqual(await got, { reason: "ping timeout", rooms: [] });
  });
});
