// The process: how it starts, what it answers beside the protocols, how it ends.
import assert from "node:assert/strict";
import net from "node:net";
import { afterEach, describe, it } from "node:test";
import { closeAll, connect, modes } from "../lib/client.js";
import { engine, polling, request, tcp } from "../lib/raw.js";
import { launch, serve, start, stats } from "../lib/server.js";
import { patience, within } from "../lib/util.js";

describe("the process", () => {
  afterEach(closeAll);

  it("an unknown profile: a line and an exit code other than 0", async () => {
    const run = launch("--profile", "no-such-profile", "--port", "0", "--host", "127.0.0.1");
    const end = await within(patience, run.exit, "exit");
    assert.notEqual(end.code, 0);
    assert.ok(run.err.includes("no-such-profile"), run.err);
    assert.equal(run.out, "");
  });

  it("says READY with the port, once", async () => {
    const s = await start("main");
    assert.match(s.out, /^READY \d+\n$/);
    assert.equal((await request(s, "/healthz")).body, "ok");
    assert.deepEqual(await s.stop(), { code: 0, signal: null });
    assert.match(s.out, /^READY \d+\n$/);
  });

  it("takes the port it is given, and leaves it free", async () => {
    const first = await start("main");
    await connect(first);
    assert.equal((await first.stop()).code, 0);
    for (let i = 0; i < 2; i++) {
      const again = await start("main", first.port);
      assert.equal(again.port, first.port);
      assert.equal((await again.stop()).code, 0);
    }
  });

  it("listens on that address alone", async () => {
    const s = await start("main");
    const other = net.connect(s.port, "127.0.0.2");
    const got = await within(patience, new Promise((resolve) => {
      other.once("connect", () => resolve("connected"));
      other.once("error", (err) => resolve(err.code));
    }), "connection");
    assert.equal(got, "ECONNREFUSED");
    other.destroy();
    await s.stop();
  });

  it("SIGTERM ends every session soon, and the process with 0", async () => {
    const s = await start("main");
    const all = await Promise.all(Object.keys(modes).map((mode) => connect(s, { mode })));
    await all[2].upgraded();
    const bare = [await engine(s), await polling(s, "/socket.io/"), await tcp(s)];
    const waiting = bare[1].get();
    const begin = Date.now();
    const end = await s.stop();
    const took = Date.now() - begin;
    assert.deepEqual(end, { code: 0, signal: null });
    assert.ok(took < patience / 2, `${took} ms`); // 2.5 s by the contract; a busy machine adds
    for (const c of all) assert.ok(["transport close", "io server disconnect"].includes(await c.end()));
    await bare[0].end();
    await waiting.catch(() => {});
  });

  it("a port in use: a line and an exit code other than 0", async () => {
    const s = await start("main");
    const second = launch("--profile", "main", "--port", String(s.port), "--host", "127.0.0.1");
    const end = await within(patience, second.exit, "exit");
    assert.notEqual(end.code, 0);
    assert.equal(second.out, "");
    assert.equal((await request(s, "/healthz")).status, 200);
    await s.stop();
  });
});

describe("endpoints", () => {
  const server = serve("main");

  it("/healthz", async () => {
    const res = await request(server, "/healthz");
    assert.deepEqual([res.status, res.body], [200, "ok"]);
  });

  it("/page", async () => {
    const res = await request(server, "/page");
    assert.equal(res.status, 200);
    assert.match(res.headers["content-type"], /^text\/html/);
    assert.match(res.body, /<title>|<html|<!doctype/i);
  });

  it("/stats", async () => {
    const res = await request(server, "/stats");
    assert.equal(res.status, 200);
    assert.match(res.headers["content-type"], /^application\/json/);
    const s = JSON.parse(res.body);
    assert.deepEqual(Object.keys(s).sort(), ["clients", "namespaces", "sockets"]);
    const w = await engine(server);
    assert.equal((await stats(server)).clients, s.clients + 1);
    w.close();
  });

  it("anything else is 404", async () => {
    for (const path of ["/", "/nothing", "/healthz/x", "/engine", "/socket.i", "/favicon.ico"]) {
      assert.equal((await request(server, path)).status, 404, path);
    }
    assert.equal((await request(server, "/nothing", { method: "POST", body: "x" })).status, 404);
  });
});
