// Namespaces: admission, multiplexing, dynamic ones.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Client, closeAll, connect, modes, refused } from "../lib/client.js";
import { serve, stats } from "../lib/server.js";
import { patience, sleep, until, within } from "../lib/util.js";

for (const mode of Object.keys(modes)) {
  describe(`namespaces over ${mode}`, () => {
    const server = serve("main");
    afterEach(closeAll);

    for (const nsp of ["/", "/custom", "/chat", "/other"]) {
      it(`${nsp} takes everybody`, async () => {
        const c = await connect(server, { mode, nsp, auth: { a: 1 } });
        assert.deepEqual(await c.next("auth"), [{ a: 1 }]);
        assert.equal(await c.ask("echo", nsp), nsp);
        assert.equal((await c.ask("handshake")).nsp, nsp);
        assert.deepEqual(await c.ask("echo", Buffer.from([1])), Buffer.from([1]));
      });
    }

    it("/admin wants the token", async () => {
      const c = await connect(server, { mode, nsp: "/admin", auth: { token: "secret" } });
      assert.deepEqual(await c.next("auth"), [{ token: "secret" }]);
      assert.deepEqual(await c.next("welcome"), [{ user: "root" }]);
      assert.deepEqual(await c.ask("get-data"), { user: "root" });
    });

    it("/admin takes the token from the query", async () => {
      const c = await connect(server, { mode, nsp: "/admin", query: { token: "secret" } });
      assert.deepEqual(await c.next("welcome"), [{ user: "root" }]);
      const err = await refused(server, { mode, nsp: "/admin", query: { token: "secret" }, auth: { token: "bad" } });
      assert.equal(err.message, "unauthorized");
    });

    it("/admin refuses", async () => {
      const wrong = await refused(server, { mode, nsp: "/admin", auth: { token: "bad" } });
      assert.equal(wrong.message, "unauthorized");
      assert.deepEqual(wrong.data, { code: 401, hint: "use secret" });
      const none = await refused(server, { mode, nsp: "/admin" });
      assert.equal(none.message, "missing token");
      assert.equal(none.data, undefined);
    });

    it("a refused client may try again on the same connection", async () => {
      const main = await connect(server, { mode });
      const c = new Client(server.url, { manager: main.manager, nsp: "/admin", auth: { token: "bad" } });
      await assert.rejects(c.connected, /unauthorized/);
      const again = within(patience, new Promise((resolve) => c.socket.once("connect", resolve)), "connect");
      c.socket.auth = { token: "secret" };
      c.socket.connect();
      await again;
      assert.deepEqual(await c.next("welcome"), [{ user: "root" }]);
      assert.equal(await main.ask("echo", 1), 1);
    });

    it("/slow takes its time, and what is sent meanwhile is kept by the client", async () => {
      const begin = Date.now();
      const c = new Client(server.url, { mode, nsp: "/slow" });
      const echo = c.ask("echo", "early");
      await c.connected;
      assert.ok(Date.now() - begin >= 290);
      assert.equal(await echo, "early");
    });

    it("/chain runs its middlewares in order", async () => {
      const c = await connect(server, { mode, nsp: "/chain" });
      assert.deepEqual(await c.ask("get-data"), { chain: ["first", "second"] });
      const one = await refused(server, { mode, nsp: "/chain", auth: { stop: true } });
      assert.deepEqual([one.message, one.data], ["stopped at first", { chain: ["first"] }]);
      const two = await refused(server, { mode, nsp: "/chain", auth: { stop2: true } });
      assert.deepEqual([two.message, two.data], ["stopped at second", { chain: ["first", "second"] }]);
    });

    it("dynamic by pattern", async () => {
      const c = await connect(server, { mode, nsp: "/dyn-101" });
      assert.equal((await c.ask("handshake")).nsp, "/dyn-101");
      const same = await connect(server, { mode, nsp: "/dyn-101" });
      const else_ = await connect(server, { mode, nsp: "/dyn-102" });
      c.emit("broadcast", "x", 1);
      assert.deepEqual(await same.next("x"), [1]);
      await else_.settle();
      else_.none("x");
      assert.equal((await refused(server, { mode, nsp: "/dyn-" })).message, "Invalid namespace");
      assert.equal((await refused(server, { mode, nsp: "/dyn-1a" })).message, "Invalid namespace");
    });

    it("dynamic by function", async () => {
      const c = await connect(server, { mode, nsp: "/fn-one", auth: { allow: "yes" } });
      assert.equal(await c.ask("echo", 1), 1);
      assert.equal((await refused(server, { mode, nsp: "/fn-one-more", auth: { allow: "no" } })).message, "Invalid namespace");
      assert.equal((await refused(server, { mode, nsp: "/fn-one-more" })).message, "Invalid namespace");
    });

    it("others are refused", async () => {
      for (const nsp of ["/nope", "/ADMIN", "/chat/x", "/socket.io"]) {
        const err = await refused(server, { mode, nsp });
        assert.equal(err.message, "Invalid namespace");
        assert.equal(err.data, undefined);
      }
    });

    it("many namespaces over one connection", async () => {
      const main = await connect(server, { mode });
      const all = [main];
      for (const nsp of ["/custom", "/chat", "/other", "/dyn-7"]) {
        const c = new Client(server.url, { manager: main.manager, nsp });
        await within(patience, c.connected, nsp);
        all.push(c);
      }
      assert.equal(new Set(all.map((c) => c.id)).size, 5);
      const got = await Promise.all(all.map((c, i) => c.ask("echo", i)));
      assert.deepEqual(got, [0, 1, 2, 3, 4]);
      // Binary of two namespaces does not mix.
      const bins = await Promise.all(all.map((c, i) => c.ask("echo", Buffer.alloc(10, i), "x")));
      assert.deepEqual(bins, all.map((_, i) => Buffer.alloc(10, i)));
      all[2].socket.disconnect();
      assert.equal(await main.ask("echo", "still"), "still");
      assert.equal(await all[3].ask("echo", "still"), "still");
    });
  });
}

describe("counting", () => {
  const server = serve("main");
  afterEach(closeAll);

  const nobody = async () => {
    const { clients, sockets } = await stats(server);
    return clients === 0 && sockets === 0;
  };

  it("clients, sockets and namespaces", async () => {
    const start = await stats(server);
    assert.deepEqual([start.clients, start.sockets], [0, 0]);
    const c = await connect(server);
    const d = new Client(server.url, { manager: c.manager, nsp: "/dyn-900" });
    await within(patience, d.connected, "connect");
    assert.deepEqual(await stats(server), { clients: 1, sockets: 2, namespaces: start.namespaces + 1 });
    d.socket.disconnect();
    await until(async () => (await stats(server)).sockets === 1, "the socket leaves");
    assert.equal((await stats(server)).namespaces, start.namespaces + 1, "an empty dynamic namespace stays by default");
    c.close();
    await until(nobody, "the client leaves");
  });

  it("a storm of comers and goers leaves nothing behind", async () => {
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(
        Array.from({ length: 30 }, (_, i) => connect(server, { mode: Object.keys(modes)[i % 3], nsp: ["", "/chat", "/dyn-900"][i % 3] })),
      );
      for (const c of all) c.close();
      await sleep(10);
    }
    await until(nobody, "all are gone");
  });
});
