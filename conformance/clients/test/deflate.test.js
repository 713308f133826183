// Compression: permessage-deflate, answers to polls, the client's files.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import zlib from "node:zlib";
import WebSocket from "ws";
import { closeAll, connect, modes } from "../lib/client.js";
import { frame, frames, polling, request, tcp, upgradeHead } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { advised, within } from "../lib/util.js";

const offer = (params = "; server_no_context_takeover; client_no_context_takeover") =>
  `Sec-WebSocket-Extensions: permessage-deflate${params}\r\n`;
const tail = Buffer.from([0, 0, 0xff, 0xff]);

/** Compresses a message as a client does. */
const pack = (data) => {
  const all = zlib.deflateRawSync(data, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  return all.subarray(0, all.length - 4);
};
const unpack = (data) =>
  zlib.inflateRawSync(Buffer.concat([data, tail]), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString();

const text = "lorem ipsum dolor sit amet ".repeat(200);

describe("permessage-deflate", () => {
  const server = serve("deflate");
  afterEach(closeAll);

  it("carries the official client's events, both ways and in all modes", async () => {
    for (const mode of Object.keys(modes)) {
      const c = await connect(server, { mode, perMessageDeflate: { threshold: 0 } });
      if (mode === "upgrade") await c.upgraded();
      if (mode !== "polling") assert.match(c.manager.engine.transport.ws.extensions, /^permessage-deflate/);
      assert.deepEqual(await c.askAll("echo", text, "short", "€🦄"), [text, "short", "€🦄"]);
      const binary = Buffer.alloc(100_000, "binary ");
      assert.deepEqual(await c.ask("echo", { binary }), { binary });
      c.emit("seq", 300, "n");
      for (let i = 0; i < 300; i++) assert.deepEqual(await c.next("n"), [i]);
      c.emit("big", 1_000_000, "big");
      assert.equal((await c.next("big"))[0].length, 1_000_000);
      c.emit("uncompressed", "plain", text);
      assert.deepEqual(await c.next("plain"), [text]);
    }
  });

  it("broadcasts to clients with and without it", async () => {
    const all = [];
    for (let i = 0; i < 8; i++) {
      all.push(await connect(server, { mode: i % 3 === 2 ? "polling" : "websocket", perMessageDeflate: i % 2 ? { threshold: 0 } : false }));
    }
    for (let i = 0; i < 20; i++) all[0].emit("all", "news", i, text);
    for (const c of all) for (let i = 0; i < 20; i++) assert.deepEqual(await c.next("news"), [i, text]);
  });

  it("compresses from the threshold on, and not what says so", async () => {
    const f = await frames(server, "/socket.io/?EIO=4&transport=websocket", offer());
    assert.match(f.head, /\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n/i);
    assert.equal((await f.frame()).bits, 0x81); // the open packet
    f.write(frame(0xc1, pack("40")));
    assert.equal((await f.frame()).bits, 0x81);
    assert.equal((await f.frame()).payload.toString(), '42["auth",{}]');
    const packet = `42${JSON.stringify(["echo", text])}`;
    const small = pack(packet);
    f.write(Buffer.concat([frame(0x41, small.subarray(0, 9)), frame(0x89, "p"), frame(0x00, small.subarray(9, 20)), frame(0x80, small.subarray(20))]));
    assert.deepEqual(await f.frame(), { bits: 0x8a, masked: false, payload: Buffer.from("p") });
    const back = await f.frame();
    assert.equal(back.bits, 0xc1);
    assert.ok(back.payload.length < 200);
    assert.equal(unpack(back.payload), packet);
    f.write(frame(0x81, `42${JSON.stringify(["uncompressed", "x", text])}`));
    const plain = await f.frame();
    // The reference forgets on a websocket what its documentation says.
    advised(plain.bits, 0x81, 0xc1);
    assert.equal(plain.bits === 0x81 ? plain.payload.toString() : unpack(plain.payload), `42${JSON.stringify(["x", text])}`);
    for (const [n, bits] of [[245, 0x81], [246, 0xc1]]) { // 42["b",""] takes ten bytes
      f.write(frame(0x81, `42["big",${n},"b"]`));
      const got = await f.frame();
      assert.equal(got.bits, bits, `${n} bytes`);
    }
    f.close();
  });

  it("answers offers as ws does", async () => {
    for (const [params, want] of [
      ["; client_max_window_bits", ""],
      ["; client_max_window_bits=10", "; client_max_window_bits=10"],
      ["; server_max_window_bits=9; client_max_window_bits", "; server_max_window_bits=9"],
      [", permessage-deflate; server_max_window_bits=9", ""],
    ]) {
      const f = await frames(server, "/wsecho", offer(params));
      const line = /\r\nsec-websocket-extensions: permessage-deflate(.*?)\r\n/i.exec(f.head)[1];
      // The reference keeps its window unless it is asked not to.
      advised(line, `${want}; server_no_context_takeover; client_no_context_takeover`, want);
      f.close();
    }
    for (const params of ["; unknown", "; server_max_window_bits=16", "; server_max_window_bits", "; server_no_context_takeover=1", ","]) {
      for (const path of ["/wsecho", "/engine.io/?EIO=4&transport=websocket"]) {
        const t = await tcp(server);
        t.write(upgradeHead(path, offer(params)));
        const { status, body } = await t.response();
        assert.deepEqual([status, body], [400, "Invalid or unacceptable Sec-WebSocket-Extensions header"], params);
        t.close();
      }
    }
    const f = await frames(server, "/wsecho", "Sec-WebSocket-Extensions: x-other\r\n");
    assert.doesNotMatch(f.head, /extensions/i);
    f.close();
  });

  it("keeps to a small window", async () => {
    for (const bits of [9, 12, 15]) {
      const ws = new WebSocket(`ws://127.0.0.1:${server.port}/wsecho`, { perMessageDeflate: { serverMaxWindowBits: bits, clientMaxWindowBits: bits, threshold: 0 } });
      await within(4000, new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject)), "open");
      assert.ok(ws.extensions.startsWith("permessage-deflate"));
      for (const data of [text, text.repeat(30), "x".repeat(500)]) {
        ws.send(data);
        const got = await within(4000, new Promise((resolve, reject) => ws.once("message", resolve).once("error", reject)), "message");
        assert.equal(got.toString(), data);
      }
      ws.terminate();
    }
  });

  it("refuses what is hostile", async () => {
    const bomb = pack(Buffer.alloc(80_000_000));
    assert.ok(bomb.length < 100_000);
    for (const [name, code, ...sent] of [
      ["a bomb", 1009, frame(0xc2, bomb)],
      ["one byte more than is allowed", 1009, frame(0xc2, pack(Buffer.alloc(10_000_001)))],
      ["garbage", 1007, frame(0xc1, Buffer.from([0xff, 0xff, 0xff, 0xff]))],
      ["a distance before the start", 1007, frame(0xc1, Buffer.from([0x03, 0x02, 0x00]))],
      ["bytes that are no text", 1007, frame(0xc1, pack(Buffer.from([0x34, 0xff])))],
      ["RSV1 on a continuation", 1002, frame(0x41, pack("4x")), frame(0xc0, "x")],
      ["RSV1 on a ping", 1002, frame(0xc9, "x")],
      ["RSV2", 1002, frame(0xa1, "x")],
    ]) {
      const f = await frames(server, "/engine.io/?EIO=4&transport=websocket", offer());
      await f.frame();
      f.write(Buffer.concat(sent));
      assert.equal(await f.closeCode(), code, name);
      f.close();
    }
    // The most that is allowed still goes through.
    const f = await frames(server, "/engine.io/?EIO=4&transport=websocket", offer());
    await f.frame();
    f.write(frame(0xc2, pack(Buffer.alloc(9_999_999, "abc"))));
    const back = await f.frame(10_000);
    assert.equal(back.bits, 0xc2);
    assert.equal(unpack(back.payload).length, 9_999_999);
    f.close();
  });
});

describe("answers to polls", () => {
  const server = serve("deflate");
  const decode = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync };

  it("are compressed as the client accepts it, from the threshold on", async () => {
    const p = await polling(server);
    for (const [accept, size, want] of [
      ["gzip, deflate, br", 255, "gzip"],
      ["gzip, deflate, br", 254, undefined],
      ["deflate, gzip", 5000, "deflate"],
      ["gzip;q=0.1, deflate;q=0.5", 5000, "deflate"],
      ["*", 300_000, "gzip"],
      ["br", 5000, undefined],
      ["gzip;q=0", 5000, undefined],
      [undefined, 5000, undefined],
    ]) {
      const body = "4" + "x".repeat(size);
      await p.post(body);
      const res = await p.get({ headers: accept ? { "accept-encoding": accept } : {} });
      assert.equal(res.headers["content-encoding"], want, `${accept}, ${size}`);
      assert.equal(res.headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal((want ? decode[want](res.raw) : res.raw).toString(), body);
    }
  });

  it("are not where nothing in them may be", async () => {
    const p = await polling(server, "/socket.io/");
    await p.post("40");
    await p.get();
    const gzip = { headers: { "accept-encoding": "gzip" } };
    await p.post(`42${JSON.stringify(["uncompressed", "x", text])}`);
    assert.equal((await p.get(gzip)).headers["content-encoding"], undefined);
    await p.post(`42${JSON.stringify(["uncompressed", "x", text])}\x1e42["echo",1]`);
    assert.equal((await p.get(gzip)).headers["content-encoding"], "gzip");
  });
});

describe("without the option", () => {
  const server = serve("main");
  const decode = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync };

  it("no offer is answered, and none refused", async () => {
    for (const params of ["; client_max_window_bits", "; unknown"]) {
      const f = await frames(server, "/engine.io/?EIO=4&transport=websocket", offer(params));
      assert.doesNotMatch(f.head, /extensions/i);
      await f.frame();
      f.write(frame(0xc1, pack("4x")));
      assert.equal(await f.closeCode(), 1002);
      f.close();
    }
  });

  it("polls are compressed all the same", async () => {
    const p = await polling(server);
    for (const [size, want] of [[1022, undefined], [1023, "gzip"]]) {
      await p.post("4" + "x".repeat(size));
      assert.equal((await p.get({ headers: { "accept-encoding": "gzip" } })).headers["content-encoding"], want);
    }
  });

  it("and so are the client's files", async () => {
    for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"]) {
      for (const file of [name, name + ".map"]) {
        const plain = await request(server, "/socket.io/" + file);
        assert.equal(plain.headers["content-encoding"], undefined);
        for (const [accept, want] of [["br", "br"], ["gzip, deflate", "gzip"], ["deflate", "deflate"], ["gzip;q=0.5, br;q=0.6", "br"], ["identity", undefined]]) {
          const res = await request(server, "/socket.io/" + file, { headers: { "accept-encoding": accept } });
          assert.equal(res.headers["content-encoding"], want, `${file}, ${accept}`);
          assert.ok(plain.raw.equals(want ? decode[want](res.raw) : res.raw), `${file}, ${accept}`);
          assert.equal(res.headers.etag, '"4.8.4"');
          const type = file.endsWith(".map") ? "application/json" : "application/javascript";
          assert.equal(res.headers["content-type"], `${type}; charset=utf-8`);
          if (want) assert.ok(res.raw.length < plain.raw.length / 2);
        }
        for (const tag of ['"4.8.4"', 'W/"4.8.4"']) {
          const res = await request(server, "/socket.io/" + file, { headers: { "if-none-match": tag, "accept-encoding": "gzip" } });
          assert.deepEqual([res.status, res.body], [304, ""]);
        }
      }
    }
  });
});
