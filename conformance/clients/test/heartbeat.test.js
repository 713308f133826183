// Heartbeats: profile ping sends one every 300 ms and waits 250 ms for the answer.
import assert from "node:assert/strict";
import { describe, it, afterEach } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { engine, polling } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { sleep } from "../lib/util.js";

describe("heartbeat", () => {
  const server = serve("ping");
  afterEach(closeAll);

  it("says its times in the handshake", async () => {
    const w = await engine(server);
    assert.deepEqual([w.open.pingInterval, w.open.pingTimeout], [300, 250]);
    w.close();
  });

  it("pings a websocket at the interval, as long as it answers", async () => {
    const w = await engine(server);
    for (let i = 0; i < 4; i++) {
      const begin = Date.now();
      assert.equal(await w.next(1000), "2");
      const took = Date.now() - begin;
      assert.ok(took > 100 && took < 900, `ping ${i} after ${took} ms`);
      w.send("3");
    }
    w.close();
  });

  it("ends a websocket that does not answer", async () => {
    const w = await engine(server);
    const begin = Date.now();
    assert.equal(await w.next(1000), "2");
    await w.end(1500);
    const took = Date.now() - begin;
    assert.ok(took >= 450 && took < 1200, `after ${took} ms`);
  });

  it("does not take an unasked pong for an answer", async () => {
    const w = await engine(server);
    w.send("3");
    await w.end(1500);
  });

  it("pings over polling, and ends what does not answer", async () => {
    const p = await polling(server);
    for (let i = 0; i < 3; i++) {
      assert.equal((await p.get({ ms: 1000 })).body, "2");
      assert.equal((await p.post("3")).body, "ok");
    }
    assert.equal((await p.get({ ms: 1000 })).body, "2");
    await sleep(500);
    assert.ok(await p.gone(1000));
  });

  it("ends a polling session that never polls", async () => {
    const p = await polling(server);
    await sleep(300);
    assert.ok(await p.gone(1000));
  });

  it("ends a waiting GET when the ping is not answered", async () => {
    const p = await polling(server);
    assert.equal((await p.get({ ms: 1000 })).body, "2");
    const res = await p.get({ ms: 1500 }).catch((err) => ({ status: 0, err }));
    assert.ok(res.status === 0 || res.body === "1" || res.status === 400, JSON.stringify(res));
    assert.ok(await p.gone());
  });

  for (const mode of Object.keys(modes)) {
    it(`keeps the official client for many intervals (${mode})`, async () => {
      const c = await connect(server, { mode });
      await sleep(1500);
      assert.equal(await c.ask("echo", "alive"), "alive");
      assert.equal(c.ends.items.length, 0);
    });
  }

  it("a session that is upgraded keeps its beat", async () => {
    const c = await connect(server, { mode: "upgrade" });
    await c.upgraded();
    let pings = 0;
    c.manager.on("ping", () => pings++);
    await sleep(1300);
    assert.ok(pings >= 1 && pings <= 5, `${pings} pings`);
  });

  it("the reason is ping timeout on the server", async () => {
    const watcher = await connect(server);
    const w = await engine(server, "/socket.io/");
    w.send("40");
    const sid = JSON.parse((await w.packet()).slice(2)).sid;
    const got = watcher.ask("reason-of", sid);
    await w.end(2000);
    assert.deepEqual(await got, { reason: "ping timeout", rooms: [] });
  });
});
