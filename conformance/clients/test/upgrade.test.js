// The upgrade of a polling session to websocket, by hand.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { engine, frame, frames, polling, request, tcp, upgradeHead, websocket, Ws } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { advised, lenient, patience } from "../lib/util.js";

const wsPath = (p) => `/engine.io/?EIO=4&transport=websocket&sid=${p.sid}`;

describe("upgrade", () => {
  const server = serve("main");

  it("goes by the book: probe, noop, upgrade", async () => {
    const p = await polling(server);
    const waiting = p.get();
    const w = await websocket(server, wsPath(p));
    w.send("2probe");
    assert.equal(await w.next(), "3probe");
    assert.equal((await waiting).body, "6");
    w.send("5");
    w.send("4over");
    assert.equal(await w.packet(), "4over");
    w.close();
  });

  it("keeps the old transport working until the end of the probe", async () => {
    const p = await polling(server);
    const w = await websocket(server, wsPath(p));
    w.send("2probe");
    assert.equal(await w.next(), "3probe");
    assert.equal((await p.post("4still")).body, "ok");
    assert.deepEqual(await p.packets(), ["4still"]);
    w.send("5").send("4new");
    assert.equal(await w.packet(), "4new");
    w.close();
  });

  it("sends what was buffered over the new transport, once and in order", async () => {
    const p = await polling(server);
    const w = await websocket(server, wsPath(p));
    w.send("2probe");
    assert.equal(await w.next(), "3probe");
    for (let i = 0; i < 20; i++) await p.post(`4m${i}`);
    w.send("5");
    for (let i = 20; i < 30; i++) w.send(`4m${i}`);
    for (let i = 0; i < 30; i++) assert.equal(await w.packet(), `4m${i}`);
    w.close();
  });

  it("refuses polling afterwards", async () => {
    const p = await polling(server);
    const w = await websocket(server, wsPath(p));
    w.send("2probe");
    await w.next();
    w.send("5").send("4x");
    assert.equal(await w.packet(), "4x");
    for (const res of [await p.get(), await p.post("4late")]) {
      assert.deepEqual([res.status, res.body], [400, '{"code":3,"message":"Bad request"}']);
    }
    w.send("4alive");
    assert.equal(await w.packet(), "4alive");
    w.close();
  });

  it("takes probe, upgrade and message from one read", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(Buffer.concat([Buffer.from(upgradeHead(wsPath(p))), frame(0x81, "2probe"), frame(0x81, "5"), frame(0x81, "4hello")]));
    await t.when((d) => d.includes("3probe") && d.includes("4hello"), "probe answer and echo");
    t.close();
  });

  it("accepts an upgrade without a probe", async () => {
    const p = await polling(server);
    const w = await websocket(server, wsPath(p));
    w.send("5").send("4x");
    assert.equal(await w.packet(), "4x");
    w.close();
  });

  it("a GET that still waits at a quick upgrade is ended", async () => {
    const p = await polling(server);
    const waiting = await p.waiting();
    const w = await websocket(server, wsPath(p));
    w.send("2probe").send("5").send("4x");
    assert.equal(await w.next(), "3probe");
    assert.equal(await w.packet(), "4x");
    const get = await waiting.response();
    assert.equal(get.status, 200);
    advised(get.body, "6", "1");
    w.close();
    waiting.close();
  });

  for (const first of ["4hello", "2", "2other", "3", "x", ""]) {
    it(`anything else as first packet (${JSON.stringify(first)}) ends the websocket; polling goes on`, async () => {
      const p = await polling(server);
      const f = await frames(server, wsPath(p));
      f.write(frame(0x81, first));
      advised(await f.closeCode(), 1005, 1005);
      await p.post("4alive");
      assert.equal((await p.get()).body, "4alive");
      f.close();
    });
  }

  it("a probe whose connection is lost leaves polling as it was", async () => {
    const p = await polling(server);
    const f = await frames(server, wsPath(p));
    f.write(frame(0x81, "2probe"));
    assert.equal((await f.frame()).payload.toString(), "3probe");
    f.socket.end();
    await f.rest(); // the server ends its side when it has seen this
    await p.post("4alive");
    assert.deepEqual(await p.packets(), ["4alive"]);
    // And another attempt is free to succeed.
    const again = await websocket(server, wsPath(p));
    again.send("2probe");
    assert.equal(await again.next(), "3probe");
    again.send("5").send("4x");
    assert.equal(await again.packet(), "4x");
    again.close();
  });

  it("a second websocket while one probes is closed", async () => {
    const p = await polling(server);
    const one = await websocket(server, wsPath(p));
    one.send("2probe");
    await one.next();
    const two = await frames(server, wsPath(p));
    assert.equal(await two.closeCode(), 1005);
    one.send("5").send("4x");
    assert.equal(await one.packet(), "4x");
    one.close();
  });

  it("a websocket for a session that is on one is closed", async () => {
    const p = await polling(server);
    const one = await websocket(server, wsPath(p));
    one.send("2probe").send("5").send("4x");
    assert.equal(await one.next(), "3probe");
    assert.equal(await one.packet(), "4x");
    const two = await frames(server, wsPath(p));
    assert.equal(await two.closeCode(), 1005);
    one.send("4alive");
    assert.equal(await one.packet(), "4alive");
    one.close();
  });

  it("the protocol version has to be the session's", async () => {
    const p = await polling(server);
    const w = new Ws(server, `/engine.io/?EIO=3&transport=websocket&sid=${p.sid}`);
    const err = await w.opened.then(() => ({ status: 101 }), (e) => e);
    assert.deepEqual([err.status, err.body], [400, "Bad request"]);
  });

  it("the session ends with its new connection", async () => {
    const p = await polling(server);
    const w = await websocket(server, wsPath(p));
    w.send("2probe");
    await w.next();
    w.send("5").send("4x");
    await w.packet();
    w.ws.close();
    await w.end();
    assert.ok(await p.gone());
  });
});

describe("upgrade limits", () => {
  const abuse = serve("abuse");
  const noupgrade = serve("noupgrade");
  const websocketOnly = serve("websocket");
  const pollingOnly = serve("polling");

  it("a probe that never ends is closed after upgradeTimeout", async () => {
    const p = await polling(abuse);
    const f = await frames(abuse, wsPath(p));
    f.write(frame(0x81, "2probe"));
    // Polling lives meanwhile: it has to answer pings.
    let over = false;
    const poll = (async () => {
      while (!over) if ((await p.get()).body.includes("2")) await p.post("3");
    })();
    assert.equal(await f.closeCode(), 1005);
    over = true;
    const took = Date.now() - f.begin;
    assert.ok(took > 900 && took < 9000, `${took} ms`); // the default is 10 s
    await poll;
    await p.post("4alive");
    assert.ok((await p.packets()).includes("4alive"));
  });

  it("allowUpgrades off: not advertised, and refused", async () => {
    const p = await polling(noupgrade);
    assert.deepEqual(p.open.upgrades, []);
    const w = new Ws(noupgrade, wsPath(p));
    const err = await w.opened.then(() => ({ status: 101 }), (e) => e);
    advised(err.status, 400, 101);
    w.close();
    const direct = await engine(noupgrade);
    direct.send("4x");
    assert.equal(await direct.packet(), "4x");
    direct.close();
  });

  it("polling only: no advert, no websocket", async () => {
    const p = await polling(pollingOnly);
    assert.deepEqual(p.open.upgrades, []);
    for (const path of ["/engine.io/?EIO=4&transport=websocket", wsPath(p)]) {
      const t = await tcp(pollingOnly);
      t.write(upgradeHead(path));
      const got = await t.rest(lenient ? 1000 : patience).catch(() => "nothing");
      advised(/^HTTP\/1\.1 400 [^]*Transport unknown/.test(got), true, false);
    }
    await p.post("4alive");
    assert.equal((await p.get()).body, "4alive");
  });

  it("websocket only: no polling", async () => {
    const res = await request(websocketOnly, "/engine.io/?EIO=4&transport=polling");
    assert.deepEqual([res.status, res.body], [400, '{"code":0,"message":"Transport unknown"}']);
    const w = await engine(websocketOnly);
    w.send("4x");
    assert.equal(await w.packet(), "4x");
    w.close();
  });
});
