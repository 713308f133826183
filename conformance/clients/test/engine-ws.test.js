// Engine.IO over websocket: the handshake, messages, frames and close codes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { engine, frame, frames, request, tcp, upgradeHead, websocket, Ws } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { advised, lenient, patience, sleep, until } from "../lib/util.js";

const PATH = "/engine.io/?EIO=4&transport=websocket";

describe("websocket handshake", () => {
  const server = serve("main");
  const plain = serve("noupgrade");

  it("answers 101 with the accept key, then the open packet", async () => {
    const f = await frames(server, PATH);
    assert.match(f.head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    assert.match(f.head, /\r\nUpgrade: websocket\r\n/i);
    assert.match(f.head, /\r\nConnection: Upgrade\r\n/i);
    assert.match(f.head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    const open = await f.frame();
    assert.deepEqual([open.bits, open.masked], [0x81, false]);
    assert.match(open.payload.toString(), /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/);
    f.close();
  });

  it("takes header names and values in any case, and lists", async () => {
    const t = await tcp(server);
    t.write(
      `GET ${PATH} HTTP/1.1\r\nHOST: x\r\nconnection: keep-alive, upgrade\r\nUPGRADE: WebSocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await t.when((d) => d.includes("0{"), "open packet");
    t.close();
  });

  it("echoes the first subprotocol offered", async () => {
    const w = await websocket(server, PATH, { protocols: ["foo", "bar"] });
    assert.equal(w.ws.protocol, "foo");
    w.close();
  });

  it("accepts no extension that the profile has not got", async () => {
    const f = await frames(server, PATH, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    assert.doesNotMatch(f.head, /extensions/i);
    f.close();
  });

  it("takes frames that come with the request", async () => {
    const t = await tcp(server);
    t.write(Buffer.concat([Buffer.from(upgradeHead(PATH)), frame(0x81, "4early")]));
    await t.when((d) => d.includes("4early"), "echo");
    t.close();
  });

  const refusals = [
    ["an unknown transport", "/engine.io/?EIO=4&transport=tobi", "Transport unknown"],
    ["no transport", "/engine.io/?EIO=4", "Transport unknown"],
    ["an unknown session", `${PATH}&sid=nope`, "Session ID unknown"],
  ];
  for (const [what, path, message] of refusals) {
    it(`${what}: 400 and the connection closed`, async () => {
      const t = await tcp(server);
      t.write(upgradeHead(path));
      const all = await t.rest();
      assert.match(all, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.equal(
        all,
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: ${message.length}\r\n\r\n${message}`,
      );
    });
  }

  it("an unsupported protocol version: 400 before the upgrade", async () => {
    const w = new Ws(plain, "/engine.io/?EIO=2&transport=websocket");
    const err = await w.opened.then(() => ({ status: 101 }), (e) => e);
    advised(err.status, 400, 101);
    if (err.status === 400) assert.equal(err.body, "Unsupported protocol version");
  });

  for (const [what, from, to] of [
    ["no key", /Sec-WebSocket-Key: .*\r\n/, ""],
    ["a short key", "dGhlIHNhbXBsZSBub25jZQ==", "abcd"],
    ["version 12", "Version: 13", "Version: 12"],
    ["no version", /Sec-WebSocket-Version: .*\r\n/, ""],
  ]) {
    it(`${what}: refused`, async () => {
      const t = await tcp(server);
      t.write(upgradeHead(PATH).replace(from, to));
      assert.match(await t.rest(), /^HTTP\/1\.1 (400|426) /);
    });
  }

  it("the session counts while it lives", async () => {
    const n = async () => JSON.parse((await request(plain, "/stats")).body).clients;
    const w = await engine(plain);
    assert.equal(await n(), 1);
    w.close();
    await until(async () => (await n()) === 0, "it does not count any more");
  });
});

describe("websocket messages", () => {
  const server = serve("main");
  const small = serve("small");

  it("text stays text, binary stays binary", async () => {
    const w = await engine(server);
    for (const text of ["4", "4a", "4€🦄", "4" + "x".repeat(124), "4" + "y".repeat(125), "4" + "z".repeat(70_000)]) {
      w.send(text);
      assert.equal(await w.packet(), text);
    }
    for (const n of [0, 1, 125, 126, 65_535, 65_536, 500_000]) {
      w.send(Buffer.alloc(n, 0x5a));
      const got = await w.packet();
      assert.ok(Buffer.isBuffer(got) && got.equals(Buffer.alloc(n, 0x5a)), `${n} bytes`);
    }
    w.close();
  });

  it("keeps the order of many messages", async () => {
    const w = await engine(server);
    for (let i = 0; i < 2000; i++) w.send(`4${i}`);
    for (let i = 0; i < 2000; i++) assert.equal(await w.packet(), `4${i}`);
    w.close();
  });

  it("b64=1: binary comes as text", async () => {
    const w = await engine({ port: server.port }, "/engine.io/");
    w.close();
    const b = await websocket(server, PATH + "&b64=1");
    await b.next();
    b.send("bAQID");
    assert.equal(await b.packet(), "bAQID");
    b.close();
  });

  it("reads frames cut anywhere", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    const all = Buffer.concat([frame(0x81, "4one"), frame(0x82, Buffer.alloc(300, 7)), frame(0x81, "4two")]);
    for (const byte of all) {
      f.write(Buffer.from([byte]));
      await sleep(0);
    }
    assert.equal((await f.frame()).payload.toString(), "4one");
    const bin = await f.frame();
    assert.equal(bin.bits, 0x82);
    assert.ok(bin.payload.equals(Buffer.alloc(300, 7)));
    assert.equal((await f.frame()).payload.toString(), "4two");
    f.close();
  });

  it("joins fragments, with control frames between them", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    f.write(Buffer.concat([frame(0x01, "4he"), frame(0x89, "hi"), frame(0x00, "ll"), frame(0x00, ""), frame(0x80, "o €".slice(0))]));
    const pong = await f.frame();
    assert.deepEqual([pong.bits, pong.payload.toString()], [0x8a, "hi"]);
    const text = await f.frame();
    assert.deepEqual([text.bits, text.payload.toString()], [0x81, "4hello €"]);
    f.close();
  });

  it("joins a character cut by a fragment", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    const euro = Buffer.from("4€");
    f.write(Buffer.concat([frame(0x01, euro.subarray(0, 2)), frame(0x80, euro.subarray(2))]));
    assert.equal((await f.frame()).payload.toString(), "4€");
    f.close();
  });

  it("answers ping frames, ignores pong frames", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    f.write(Buffer.concat([frame(0x8a, "x"), frame(0x89, ""), frame(0x89, "y".repeat(125)), frame(0x81, "4z")]));
    assert.deepEqual(await f.frame(), { bits: 0x8a, masked: false, payload: Buffer.alloc(0) });
    assert.equal((await f.frame()).payload.toString(), "y".repeat(125));
    assert.equal((await f.frame()).payload.toString(), "4z");
    f.close();
  });

  const violations = [
    ["an unmasked frame", frame(0x81, "4x", { mask: false }), 1002],
    ["RSV1 without compression", frame(0xc1, "4x"), 1002],
    ["RSV2", frame(0xa1, "4x"), 1002],
    ["RSV3", frame(0x91, "4x"), 1002],
    ["reserved opcode 3", frame(0x83, "4x"), 1002],
    ["reserved opcode 11", frame(0x8b, ""), 1002],
    ["a fragmented ping", frame(0x09, "x"), 1002],
    ["a ping of 126 bytes", frame(0x89, "x".repeat(126)), 1002],
    ["a continuation of nothing", frame(0x80, "x"), 1002],
    ["a message inside a message", Buffer.concat([frame(0x01, "4x"), frame(0x81, "4y")]), 1002],
    ["a close frame of one byte", frame(0x88, "x"), 1002],
    ["a close code that may not be sent", frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ["text that is no UTF-8", frame(0x81, Buffer.from([0x34, 0xff, 0xfe])), 1007],
    ["fragments that are no UTF-8", Buffer.concat([frame(0x01, Buffer.from([0x34, 0xe2])), frame(0x80, Buffer.from([0x28]))]), 1007],
    ["a surrogate", frame(0x81, Buffer.from([0x34, 0xed, 0xa0, 0x80])), 1007],
    ["a length beyond reason", frame(0x82, "", { length: 0x7fffffff }), 1009],
  ];
  for (const [what, bytes, code] of violations) {
    it(`${what}: close code ${code}`, async () => {
      const f = await frames(server, PATH);
      await f.frame();
      f.write(bytes);
      assert.equal(await f.closeCode(), code);
      await f.rest();
    });
  }

  it("exactly maxHttpBufferSize passes, one byte more is 1009", async () => {
    for (const parts of [(s) => [frame(0x81, s)], (s) => [frame(0x01, s.slice(0, 900)), frame(0x80, s.slice(900))]]) {
      const f = await frames(small, PATH);
      await f.frame();
      const fits = "4" + "x".repeat(1999);
      f.write(Buffer.concat(parts(fits)));
      assert.equal((await f.frame()).payload.toString(), fits);
      f.write(Buffer.concat(parts(fits + "x")));
      assert.equal(await f.closeCode(), 1009);
      await f.rest();
    }
  });

  it("a close frame is answered with its code", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    f.write(frame(0x88, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from("bye")])));
    assert.equal(await f.closeCode(), 1000);
    await f.rest();
  });

  it("an empty close frame is answered", async () => {
    const f = await frames(server, PATH);
    await f.frame();
    f.write(frame(0x88));
    assert.ok([1005, 1000].includes(await f.closeCode()));
    await f.rest();
  });

  for (const [what, packet] of [
    ["an unknown packet type", "abc"],
    ["an empty message", ""],
    ["a ping from the client", "2"],
  ]) {
    it(`${what} ends the session`, async () => {
      const w = await engine(server);
      w.send(packet);
      await w.end();
    });
  }

  it("a close packet ends the session at once", async () => {
    const ping = await engine(server);
    ping.send("1");
    const ended = await ping.end(lenient ? 500 : patience).then(() => true, () => false);
    advised(ended, true, false);
    ping.close();
  });

  it("pongs and noops from the client are ignored", async () => {
    const w = await engine(server);
    w.send("3").send("6").send("4alive");
    assert.equal(await w.packet(), "4alive");
    w.close();
  });

  it("a violation harms no other session", async () => {
    const well = await engine(server);
    for (const [, bytes] of violations) {
      const f = await frames(server, PATH);
      f.write(bytes);
      await f.rest();
    }
    well.send("4alive");
    assert.equal(await well.packet(), "4alive");
    well.close();
  });
});

describe("the bare websocket echo", () => {
  const server = serve("main");

  it("gives text and binary back", async () => {
    const w = await websocket(server, "/wsecho");
    w.send("hello €");
    assert.equal(await w.next(), "hello €");
    w.send("");
    assert.equal(await w.next(), "");
    for (const n of [0, 1, 65_536, 3_000_000]) {
      w.send(Buffer.alloc(n, 9));
      assert.ok((await w.next()).equals(Buffer.alloc(n, 9)));
    }
    w.close();
  });

  it("answers a close frame", async () => {
    const f = await frames(server, "/wsecho");
    f.write(frame(0x88, Buffer.from([0x03, 0xe8])));
    assert.equal(await f.closeCode(), 1000);
    await f.rest();
  });

  it("is refused without an upgrade", async () => {
    const res = await request(server, "/wsecho");
    assert.ok(res.status >= 400, String(res.status));
  });
});
