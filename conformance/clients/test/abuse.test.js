// Profile abuse: connections that misbehave, a healthy client beside them, and
// nothing left over.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect } from "../lib/client.js";
import { engine, frame, frames, polling, tcp, upgradeHead } from "../lib/raw.js";
import { serve, stats } from "../lib/server.js";
import { sleep, until } from "../lib/util.js";

describe("abuse", () => {
  const server = serve("abuse");
  afterEach(closeAll);

  // Counted from before the connection was made: a busy machine only adds.
  const timed = async (t) => {
    const all = await t.rest();
    return { all, took: Date.now() - t.begin };
  };

  it("a connection that never sends a byte is closed", async () => {
    const { took } = await timed(await tcp(server));
    assert.ok(took > 900 && took < 10_000, `${took} ms`);
  });

  it("headers that never end are cut after 1.5 s", async () => {
    const t = await tcp(server);
    t.write("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n");
    const { all, took } = await timed(t);
    assert.ok(took > 900 && took < 10_000, `${took} ms`);
    assert.match(all, /^(HTTP\/1\.1 408 |$)/);
  });

  it("headers that trickle are cut as well", async () => {
    const t = await tcp(server);
    t.write("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\n");
    const drip = setInterval(() => t.write("x: y\r\n"), 100);
    const { took } = await timed(t).finally(() => clearInterval(drip));
    assert.ok(took < 10_000, `${took} ms`);
  });

  it("a body that never ends is cut after 2 s", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(`POST ${p.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4`);
    const drip = setInterval(() => t.write("x"), 100);
    const { took } = await timed(t).finally(() => clearInterval(drip));
    assert.ok(took < 10_000, `${took} ms`);
  });

  it("a connection that rests after its request is not cut early", async () => {
    const t = await tcp(server);
    t.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal((await t.response()).status, 200);
    await sleep(800);
    t.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal((await t.response()).status, 200);
    t.close();
  });

  it("a GET may wait longer than the limit of a request", async () => {
    const p = await polling(server);
    for (let i = 0; i < 3; i++) {
      const res = await p.get();
      assert.equal(res.body, "2");
      assert.equal((await p.post("3")).body, "ok");
    }
  });

  it("a websocket lives longer than the limits", async () => {
    const w = await engine(server);
    for (let i = 0; i < 3; i++) {
      assert.equal(await w.next(), "2");
      w.send("3");
    }
    w.send("4x");
    assert.equal(await w.packet(), "4x");
    w.close();
  });

  it("a client beside them notices nothing, and nothing is left", async () => {
    const well = await connect(server);
    const alone = async () => {
      const { clients, sockets } = await stats(server);
      return clients === 1 && sockets === 1;
    };
    await until(alone, "those of the tests before are gone");
    const bad = [];
    for (let i = 0; i < 20; i++) {
      const silent = await tcp(server);
      const half = (await tcp(server)).write("GET /engine.io/?EIO=4");
      const garbage = (await tcp(server)).write(Buffer.alloc(5000, 0xff));
      const bare = (await tcp(server)).write(upgradeHead("/socket.io/?EIO=4&transport=websocket"));
      const rude = await frames(server, "/socket.io/?EIO=4&transport=websocket");
      rude.write(frame(0x81, i % 2 ? "4bad" : "42[", { mask: i % 3 > 0 }));
      const claim = await frames(server, "/engine.io/?EIO=4&transport=websocket");
      claim.write(frame(0x82, "abc", { length: 90_000 }));
      bad.push(silent, half, garbage, bare, rude, claim);
    }
    const times = [];
    for (let i = 0; i < 100; i++) {
      const begin = performance.now();
      assert.equal(await well.ask("echo", i), i);
      times.push(performance.now() - begin);
      await sleep(10);
    }
    times.sort((a, b) => a - b);
    // Far below any of the limits that the others run into.
    assert.ok(times[90] < 750, `${times[90]} ms`);
    assert.equal(well.ends.items.length, 0);
    for (const t of bad) t.close();
    await until(alone, "all are gone");
  });
});
