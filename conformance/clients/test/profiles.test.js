// What the single profiles differ in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { Client, closeAll, connect, modes } from "../lib/client.js";
import { engine, polling, request, tcp, upgradeHead } from "../lib/raw.js";
import { serve, stats } from "../lib/server.js";
import { advised, patience, until, within } from "../lib/util.js";

describe("profile strict", () => {
  const server = serve("strict");
  afterEach(closeAll);
  const path = "/custom-path/";

  it("serves its own path, in all modes", async () => {
    for (const mode of Object.keys(modes)) {
      const c = await connect(server, { mode, path });
      assert.equal(await c.ask("echo", 1), 1);
    }
    assert.equal((await request(server, "/socket.io/?EIO=4&transport=polling")).status, 404);
  });

  it("sets the cookie at the handshake only", async () => {
    const res = await request(server, `${path}?EIO=4&transport=polling`);
    const { sid } = JSON.parse(res.body.slice(1));
    assert.deepEqual(res.headers["set-cookie"], [`sio=${sid}; Path=/; HttpOnly; SameSite=Strict`]);
    const post = await request(server, `${path}?EIO=4&transport=polling&sid=${sid}`, { method: "POST", body: "40" });
    assert.equal(post.headers["set-cookie"], undefined);
    const bare = await request(server, "/engine.io/?EIO=4&transport=polling");
    assert.equal(bare.headers["set-cookie"], undefined);
  });

  it("sets the cookie on a websocket handshake too", async () => {
    const t = await tcp(server);
    t.write(upgradeHead(`${path}?EIO=4&transport=websocket`));
    const { head } = await t.response();
    advised(/\r\nset-cookie: sio=[\w-]{20}; Path=\/; HttpOnly; SameSite=Strict\r\n/i.test(head), true, false);
    t.close();
  });

  it("refuses what allowRequest refuses", async () => {
    const res = await request(server, `${path}?EIO=4&transport=polling`, { headers: { "x-deny": "1" } });
    assert.deepEqual([res.status, res.body], [403, '{"code":4,"message":"denied by allowRequest"}']);
    const t = await tcp(server);
    t.write(upgradeHead(`${path}?EIO=4&transport=websocket`, "X-Deny: 1\r\n"));
    assert.equal(
      await t.rest(),
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: 22\r\n\r\ndenied by allowRequest",
    );
    const bare = await request(server, "/engine.io/?EIO=4&transport=polling", { headers: { "x-deny": "1" } });
    assert.equal(bare.status, 200);
  });

  it("serves no bundle", async () => {
    const res = await request(server, `${path}socket.io.js`);
    assert.deepEqual([res.status, res.body], [400, '{"code":0,"message":"Transport unknown"}']);
  });

  it("removes empty dynamic namespaces", async () => {
    const before = (await stats(server)).namespaces;
    const c = await connect(server, { path, nsp: "/dyn-1" });
    const d = new Client(server.url, { manager: c.manager, nsp: "/dyn-2" });
    await within(patience, d.connected, "connect");
    assert.equal((await stats(server)).namespaces, before + 2);
    d.socket.disconnect();
    await until(async () => (await stats(server)).namespaces === before + 1, "one is removed");
    c.close();
    await until(async () => (await stats(server)).namespaces === before, "both are removed");
    const e = await connect(server, { path, nsp: "/dyn-1" });
    assert.equal(await e.ask("echo", 1), 1);
  });
});

describe("the client bundle", () => {
  const server = serve("main");
  const names = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

  it("is served at its eight names", async () => {
    for (const name of names) {
      const js = await request(server, `/socket.io/${name}`);
      assert.equal(js.status, 200, name);
      assert.equal(js.headers["content-type"], "application/javascript; charset=utf-8");
      assert.equal(js.headers["cache-control"], "public, max-age=0");
      assert.match(js.headers.etag, /^"\d+\.\d+\.\d+"$/);
      assert.match(js.body, /Socket\.IO v4/);
      const map = await request(server, `/socket.io/${name}.map`);
      assert.equal(map.headers["content-type"], "application/json; charset=utf-8");
      assert.ok(JSON.parse(map.body).mappings);
    }
  });

  it("is the file of the package", async () => {
    const file = new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url);
    assert.equal((await request(server, "/socket.io/socket.io.min.js")).body, readFileSync(file, "utf8"));
  });

  it("a known ETag is answered 304", async () => {
    const { etag } = (await request(server, "/socket.io/socket.io.js")).headers;
    for (const tag of [etag, `W/${etag}`]) {
      const res = await request(server, "/socket.io/socket.io.js", { headers: { "if-none-match": tag } });
      assert.deepEqual([res.status, res.body], [304, ""]);
    }
    const stale = await request(server, "/socket.io/socket.io.js", { headers: { "if-none-match": '"0.0.0"' } });
    assert.equal(stale.status, 200);
  });

  it("may be compressed for who asks", async () => {
    const res = await fetch(`${server.url}/socket.io/socket.io.min.js`, { headers: { "accept-encoding": "gzip" } });
    assert.match(await res.text(), /Socket\.IO v4/);
  });

  it("other names and methods are the engine's", async () => {
    for (const name of ["socket.io.css", "socket.io.js/x", "x/socket.io.js", "..%2fsocket.io.js"]) {
      assert.equal((await request(server, `/socket.io/${name}`)).status, 400, name);
    }
  });
});

describe("profiles polling and websocket", () => {
  const p = serve("polling");
  const w = serve("websocket");
  afterEach(closeAll);

  it("the official client on its one transport", async () => {
    const c = await connect(p, { mode: "upgrade" });
    assert.equal(await c.ask("transport"), "polling");
    const d = await connect(w, { mode: "websocket" });
    assert.equal(await d.ask("transport"), "websocket");
    const e = new Client(w.url, { mode: "polling" });
    await assert.rejects(within(patience, e.connected, "connect"), /xhr poll error/);
    const f = new Client(p.url, { mode: "websocket" });
    const refusedOrSilent = await within(1000, f.connected, "connect").then(() => "connected", () => "refused");
    assert.equal(refusedOrSilent, "refused");
  });
});

describe("profile noupgrade", () => {
  const server = serve("noupgrade");
  afterEach(closeAll);

  it("the official client stays on polling", async () => {
    const c = await connect(server, { mode: "upgrade" });
    for (let i = 0; i < 10; i++) assert.equal(await c.ask("echo", i), i);
    assert.equal(await c.ask("transport"), "polling");
  });
});

describe("profile small", () => {
  const server = serve("small");
  afterEach(closeAll);

  it("says its limit", async () => {
    assert.equal((await engine(server)).open.maxPayload, 2000);
    assert.equal((await polling(server)).open.maxPayload, 2000);
  });

  it("the polling client splits its posts at the limit", async () => {
    const c = await connect(server, { mode: "polling" });
    for (let i = 0; i < 50; i++) c.emit("echo", i, "x".repeat(200));
    for (let i = 0; i < 50; i++) assert.deepEqual(await c.next("echo"), [i, "x".repeat(200)]);
  });

  it("what the server sends is not limited", async () => {
    for (const mode of Object.keys(modes)) {
      const c = await connect(server, { mode });
      c.emit("big", 50_000, "b");
      assert.equal((await c.next("b"))[0].length, 50_000);
    }
  });

  it("a message over the limit ends a websocket client", async () => {
    const c = await connect(server, { mode: "websocket" });
    c.emit("echo", "x".repeat(3000));
    assert.equal(await c.end(), "transport close");
  });

  it("a message over the limit ends no polling session", async () => {
    const c = await connect(server, { mode: "polling" });
    c.emit("echo", "x".repeat(3000));
    assert.equal(await c.end(), "transport error"); // the client gives up at the 413
  });
});

describe("profile large", () => {
  const server = serve("large");
  afterEach(closeAll);

  for (const mode of Object.keys(modes)) {
    it(`messages of megabytes over ${mode}`, async () => {
      const c = await connect(server, { mode });
      if (mode === "upgrade") await c.upgraded();
      const text = "0123456789".repeat(500_000);
      const bin = Buffer.alloc(5_000_000, 0x77);
      assert.equal(await c.socket.timeout(3 * patience).emitWithAck("echo", text), text);
      assert.ok((await c.socket.timeout(3 * patience).emitWithAck("echo", bin)).equals(bin));
      c.emit("big-bin", 10_000_000, "b");
      assert.equal((await c.next("b", 3 * patience))[0].length, 10_000_000);
    });
  }
});

describe("profile load", () => {
  const server = serve("load");
  afterEach(closeAll);

  for (const mode of Object.keys(modes)) {
    it(`its events over ${mode}`, async () => {
      const [a, b, c] = await Promise.all([1, 2, 3].map(() => connect(server, { mode })));
      a.emit("echo", "payload");
      assert.deepEqual(await a.next("echo"), ["payload"]);
      assert.equal(await a.ask("echo", "payload"), "payload");
      await Promise.all([a.askAll("join", "r"), b.askAll("join", "r")]);
      a.emit("room", "r", "hello");
      assert.deepEqual(await b.next("room"), ["hello"]);
      a.emit("all", "everyone");
      for (const x of [a, b, c]) assert.deepEqual(await x.next("all"), ["everyone"]);
      await a.ask("echo", "x");
      a.none("room");
      c.none("room");
    });
  }
});
