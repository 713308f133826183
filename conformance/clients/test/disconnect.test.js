// How connections end: what the client sees, the reason the server gives, and
// the bytes.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Client, closeAll, connect, modes } from "../lib/client.js";
import { engine, frame, frames, joined, polling, RS } from "../lib/raw.js";
import { serve, stats } from "../lib/server.js";
import { advised, lenient, patience, sleep, until, within } from "../lib/util.js";

for (const mode of Object.keys(modes)) {
  describe(`disconnect over ${mode}`, () => {
    const server = serve("main");
    afterEach(closeAll);

    const watched = async (opts) => {
      const watcher = await connect(server, { nsp: "/other" });
      const c = await connect(server, { mode, ...opts });
      if (mode === "upgrade") await c.upgraded();
      await c.ask("join", ["b", "a"]);
      const why = watcher.ask("reason-of", c.id);
      why.catch(() => {}); // not every test waits for it
      return { c, why };
    };

    it("by the client: namespace", async () => {
      const { c, why } = await watched();
      c.socket.disconnect();
      assert.deepEqual(await why, { reason: "client namespace disconnect", rooms: ["a", "b"] });
      assert.equal(await c.end(), "io client disconnect");
    });

    it("by the client: the whole connection", async () => {
      const { c, why } = await watched();
      c.manager.engine.close();
      assert.deepEqual(await why, { reason: "transport close", rooms: ["a", "b"] });
    });

    it("by the server: namespace", async () => {
      const { c, why } = await watched();
      c.emit("server-disconnect", false);
      assert.equal(await c.end(), "io server disconnect");
      assert.deepEqual(await why, { reason: "server namespace disconnect", rooms: ["a", "b"] });
    });

    it("by the server: one namespace leaves the others alone", async () => {
      const c = await connect(server, { mode });
      const d = new Client(server.url, { manager: c.manager, nsp: "/chat" });
      await within(patience, d.connected, "connect");
      d.emit("server-disconnect", false);
      assert.equal(await d.end(), "io server disconnect");
      assert.equal(await c.ask("echo", 1), 1);
    });

    it("by the server: the whole connection", async () => {
      const { c, why } = await watched();
      const d = new Client(server.url, { manager: c.manager, nsp: "/chat" });
      await within(patience, d.connected, "connect");
      c.emit("server-disconnect", true);
      assert.equal(await c.end(), "io server disconnect");
      assert.equal(await d.end(), "io server disconnect");
      assert.deepEqual(await why, { reason: "server namespace disconnect", rooms: ["a", "b"] });
      await until(() => c.manager.engine.readyState === "closed", "the engine closes");
    });

    it("by the server: the engine", async () => {
      const { c, why } = await watched();
      c.emit("engine-close");
      assert.equal(await c.end(), "transport close");
      assert.deepEqual(await why, { reason: "forced close", rooms: ["a", "b"] });
    });

    if (mode !== "polling") {
      it("by the server: the TCP connection is cut", async () => {
        const { c, why } = await watched();
        c.emit("terminate");
        assert.equal(await c.end(), "transport close");
        assert.deepEqual(await why, { reason: "transport close", rooms: ["a", "b"] });
      });
    }

    it("pending acknowledgements end with the socket", async () => {
      const { c } = await watched();
      const lost = assert.rejects(within(patience, c.socket.emitWithAck("ack-none"), "ack"), /disconnected/);
      c.emit("server-disconnect", false);
      await lost;
    });

    it("a question to a client that leaves ends too", async () => {
      const watcher = await connect(server, { nsp: "/" });
      const c = await connect(server, { mode });
      await c.ask("join", "leavers");
      const answer = watcher.ask("to-ask", "leavers", "silence", 400);
      await sleep(50);
      c.close();
      const got = await answer;
      assert.deepEqual(got.responses, []);
    });

    it("and connects again", async () => {
      const { c } = await watched();
      const before = c.id;
      c.emit("server-disconnect", false);
      await c.end();
      const again = within(patience, new Promise((resolve) => c.socket.once("connect", resolve)), "connect");
      c.socket.connect();
      await again;
      assert.notEqual(c.id, before);
      assert.deepEqual(await c.ask("rooms"), []);
    });
  });
}

describe("the bytes of an end", () => {
  const server = serve("main");
  afterEach(closeAll);

  it("disconnect(true) on a websocket: 41, then an empty close frame", async () => {
    const f = await frames(server, "/socket.io/?EIO=4&transport=websocket");
    await f.frame();
    f.write(frame(0x81, "40"));
    assert.match((await f.frame()).payload.toString(), /^40\{"sid"/);
    await f.frame();
    f.write(frame(0x81, "40/chat,"));
    assert.match((await f.frame()).payload.toString(), /^40\/chat,\{"sid"/);
    await f.frame();
    f.write(frame(0x81, '42["server-disconnect",true]'));
    const last = [(await f.frame()).payload.toString(), (await f.frame()).payload.toString()];
    assert.deepEqual(last.sort(), ["41", "41/chat,"]);
    assert.deepEqual(await f.frame(), { bits: 0x88, masked: false, payload: Buffer.alloc(0) });
    f.write(frame(0x88));
    await f.rest();
  });

  it("disconnect(true) over polling: 41, then 1", async () => {
    const p = await polling(server, "/socket.io/");
    await p.post("40");
    await p.packets();
    await p.post('42["server-disconnect",true]');
    let got = [];
    while (!got.includes("1")) {
      const res = await p.get();
      assert.equal(res.status, 200, res.body);
      got = got.concat(res.body.split(RS));
    }
    assert.deepEqual(got.filter((x) => x !== "6" && !x.startsWith("42") && !x.startsWith("40")), ["41", "1"]);
    assert.ok(await p.gone());
  });

  it("a client's 41 is answered by nothing; the connection stays", async () => {
    const w = await joined(server);
    w.send("41");
    w.send("40/chat,");
    assert.match(await w.packet(), /^40\/chat,/);
    w.close();
  });

  it("a client's 41 and 40 again", async () => {
    const w = await joined(server);
    for (let i = 0; i < 3; i++) {
      w.send("41");
      if (lenient) await sleep(20); // the reference takes both in one read for a second CONNECT
      w.send("40");
      assert.match(await w.packet(), /^40\{"sid"/);
      assert.equal(await w.packet(), '42["auth",{}]');
    }
    w.close();
  });

  it("the reason of a lost connection", async () => {
    const watcher = await connect(server);
    const reasonAfter = async (act) => {
      const w = await engine(server, "/socket.io/");
      w.send("40");
      const { sid } = JSON.parse((await w.packet()).slice(2));
      const why = watcher.ask("reason-of", sid);
      act(w);
      return (await why).reason;
    };
    assert.equal(await reasonAfter((w) => w.ws.terminate()), "transport close");
    assert.equal(await reasonAfter((w) => w.ws.close(1000)), "transport close");
    assert.equal(await reasonAfter((w) => w.ws.close(4001, "mine")), "transport close");
    assert.equal(await reasonAfter((w) => w.send("x")), "parse error");
    assert.equal(await reasonAfter((w) => w.send("2")), "transport error");
    assert.equal(await reasonAfter((w) => w.ws._socket.write(frame(0x81, "4x", { mask: false }))), "transport error");
    assert.equal(await reasonAfter((w) => w.send("4garbage")), "forced close");
    assert.equal(await reasonAfter((w) => w.send("40")), "forced close");
    assert.equal(await reasonAfter((w) => w.send('42/chat,["x"]')), "forced close");
  });

  it("the reason of a polling session's end", async () => {
    const watcher = await connect(server);
    const reasonAfter = async (act) => {
      const p = await polling(server, "/socket.io/");
      await p.post("40");
      let got = [];
      while (got.length < 2) got = got.concat(await p.packets()); // CONNECT and the greeting
      const { sid } = JSON.parse(got[0].slice(2));
      const why = watcher.ask("reason-of", sid);
      await act(p);
      return (await why).reason;
    };
    const abort = async (p) => (await p.waiting()).close();
    assert.equal(await reasonAfter((p) => p.post("1")), "transport close");
    assert.equal(await reasonAfter(abort), "transport error");
    assert.equal(await reasonAfter((p) => p.post("x")), "parse error");
    assert.equal(await reasonAfter((p) => p.post("2")), "transport error");
    assert.equal(await reasonAfter((p) => p.post(Buffer.from([0]), { "content-type": "application/octet-stream" })), "transport error");
    assert.ok(["forced close", "forced server close"].includes(await reasonAfter(async (p) => {
      await p.post("40");
      await p.get();
      await p.get().catch(() => {});
    })));
  });
});

describe("connecting to no namespace", () => {
  const server = serve("abuse"); // connectTimeout 1500; a second to answer a ping

  it("ends a websocket", async () => {
    const begin = Date.now(); // a busy machine only adds
    const w = await engine(server, "/socket.io/");
    (async () => {
      for (;;) await w.packet();
    })().catch(() => {});
    await w.end();
    const took = Date.now() - begin;
    assert.ok(took > 1400 && took < 10_000, `${took} ms`);
  });

  it("ends a polling session", async () => {
    const p = await polling(server, "/socket.io/");
    let got = [];
    while (!got.includes("1")) {
      const res = await p.get();
      if (res.status !== 200) break;
      got = got.concat(res.body.split(RS));
      if (res.body.includes("2")) await p.post("3").catch(() => {});
    }
    assert.ok(await p.gone());
  });

  it("a refused namespace does not count, a joined one does", async () => {
    const a = await engine(server, "/socket.io/");
    a.send("40/nope,");
    assert.equal(await a.packet(), '44/nope,{"message":"Invalid namespace"}');
    const b = await engine(server, "/socket.io/");
    b.send("40/custom,");
    assert.match(await b.packet(), /^40\/custom,/);
    const beat = async (w) => {
      for (;;) await w.packet();
    };
    beat(a).catch(() => {});
    beat(b).catch(() => {});
    await a.end();
    const early = await b.end(700).catch(() => "lives");
    advised(early, "lives", "lives");
    b.close();
    await until(async () => (await stats(server)).clients === 0, "all are gone");
  });
});
