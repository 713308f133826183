// Engine.IO over HTTP long-polling: the handshake, payloads, every error status
// and body, and the edge sequences.
import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";
import { polling, request, RS, tcp } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { advised, lenient, sleep } from "../lib/util.js";

const json = (code, message) => JSON.stringify({ code, message });
const unknownSid = json(1, "Session ID unknown");

describe("polling", () => {
  const server = serve("main");

  it("opens with the packet of the protocol", async () => {
    const res = await request(server, "/engine.io/?EIO=4&transport=polling");
    assert.equal(res.status, 200);
    assert.equal(res.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(Number(res.headers["content-length"]), res.body.length);
    assert.equal(res.headers["cache-control"], "no-store");
    assert.match(
      res.body,
      /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$/,
    );
  });

  it("gives every session an id of its own", async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => polling(server)));
    assert.equal(new Set(all.map((p) => p.sid)).size, 50);
  });

  it("takes a message by POST and gives it by GET", async () => {
    const p = await polling(server);
    const post = await p.post("4hello");
    assert.deepEqual([post.status, post.body, post.headers["content-type"], post.headers["cache-control"]], [200, "ok", "text/html", "no-store"]);
    const get = await p.get();
    assert.deepEqual([get.status, get.body, get.headers["content-type"]], [200, "4hello", "text/plain; charset=UTF-8"]);
  });

  it("holds a GET until there is something to say", async () => {
    const p = await polling(server);
    const waiting = p.get();
    const early = await Promise.race([waiting, sleep(150).then(() => "waits")]);
    assert.equal(early, "waits");
    await p.post("4later");
    assert.equal((await waiting).body, "4later");
  });

  it("gives all that is buffered in one payload, in order", async () => {
    const p = await polling(server);
    await p.post(["4a", "4b", "bAQI=", "4"].join(RS));
    await p.post("4c");
    assert.equal((await p.get()).body, ["4a", "4b", "bAQI=", "4", "4c"].join(RS));
  });

  it("counts no characters: UTF-8 goes through whole", async () => {
    const p = await polling(server);
    const text = "4€ é 🦄 \u2028 \u0000";
    await p.post(text);
    assert.equal((await p.get()).body, text);
  });

  for (const n of [0, 1, 2, 3, 255, 10_000]) {
    it(`takes and gives ${n} binary bytes as base64`, async () => {
      const p = await polling(server);
      const b64 = Buffer.alloc(n, 0xfe).toString("base64");
      await p.post("b" + b64);
      assert.equal((await p.get()).body, "b" + b64);
    });
  }

  it("takes a chunked body", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(`POST ${p.path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4he\r\n`);
    await sleep(20);
    t.write("3;x=y\r\nllo\r\n0\r\n\r\n");
    assert.equal((await t.response()).body, "ok");
    assert.equal((await p.get()).body, "4hello");
    t.close();
  });

  it("serves one connection for many requests", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const p = await polling(server);
    for (let i = 0; i < 5; i++) {
      assert.equal((await p.post(`4m${i}`, undefined, { agent })).body, "ok");
      assert.equal((await p.get({ agent })).body, `4m${i}`);
    }
    agent.destroy();
  });

  it("answers pipelined requests in their order", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(
      `POST ${p.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n4p1` +
        `GET ${p.path} HTTP/1.1\r\nHost: x\r\n\r\n` +
        `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    assert.equal((await t.response()).body, "ok");
    assert.equal((await t.response()).body, "4p1");
    const last = await t.response();
    assert.equal(last.status, 200);
    t.close();
  });

  it("takes a request byte by byte", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    for (const c of `POST ${p.path} HTTP/1.1\r\nhost: x\r\ncontent-length:4\r\n\r\n4abc`) {
      t.write(c);
      await sleep(1);
    }
    assert.equal((await t.response()).body, "ok");
    t.close();
  });

  it("takes query parameters in any order, percent-encoded", async () => {
    const res = await request(server, "/engine.io/?t=abc&transport=%70olling&foo=b%20r&EIO=4");
    assert.equal(res.status, 200);
  });
});

describe("polling errors", () => {
  const server = serve("main");
  const plain = serve("noupgrade"); // neither CORS nor allowEIO3

  const get = (path, opts) => request(server, "/engine.io/" + path, opts);
  const check = (res, status, body) => {
    assert.deepEqual([res.status, res.body], [status, body]);
    assert.match(res.headers["content-type"], /^application\/json/);
  };

  for (const base of ["/engine.io/", "/socket.io/"]) {
    it(`code 0: transport absent or unknown (${base})`, async () => {
      for (const q of ["", "?EIO=4", "?EIO=4&transport=", "?EIO=4&transport=tobi", "?EIO=4&transport=__proto__", "?EIO=4&transport=constructor"]) {
        check(await request(server, base + q), 400, json(0, "Transport unknown"));
      }
    });
    it(`code 1: unknown session (${base})`, async () => {
      for (const sid of ["nope", "AAAAAAAAAAAAAAAAAAAA", "%00", "x".repeat(1000)]) {
        check(await request(server, `${base}?EIO=4&transport=polling&sid=${sid}`), 400, unknownSid);
        check(await request(server, `${base}?EIO=4&transport=polling&sid=${sid}`, { method: "POST", body: "4x" }), 400, unknownSid);
      }
    });
    it(`code 3: websocket without an upgrade (${base})`, async () => {
      check(await request(server, `${base}?EIO=4&transport=websocket`), 400, json(3, "Bad request"));
    });
  }

  it("code 2: a handshake by another method", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const opts = { method, headers: { "content-length": 0 } };
      check(await get("?EIO=4&transport=polling", opts), 400, json(2, "Bad handshake method"));
    }
    check(await request(plain, "/engine.io/?EIO=4&transport=polling", { method: "OPTIONS" }), 400, json(2, "Bad handshake method"));
  });

  it("code 3: polling requests for a session on a websocket", async () => {
    const { engine } = await import("../lib/raw.js");
    const w = await engine(server);
    check(await get(`?EIO=4&transport=polling&sid=${w.sid}`), 400, json(3, "Bad request"));
    w.send("4alive");
    assert.equal(await w.packet(), "4alive");
    w.close();
  });

  it("code 3: a websocket request without upgrade for a session on polling", async () => {
    const p = await polling(server);
    check(await get(`?EIO=4&transport=websocket&sid=${p.sid}`), 400, json(3, "Bad request"));
    await p.post("4alive");
    assert.equal((await p.get()).body, "4alive");
  });

  it("code 5: a protocol version that is not served", async () => {
    for (const q of ["?transport=polling", "?EIO=2&transport=polling", "?EIO=3&transport=polling", "?EIO=5&transport=polling", "?EIO=abc&transport=polling"]) {
      const res = await request(plain, "/engine.io/" + q);
      if (!(lenient && res.status === 200)) check(res, 400, json(5, "Unsupported protocol version"));
    }
  });

  it("reports the first error of several in the order of the reference", async () => {
    check(await get("?transport=nope&sid=nope", { method: "POST", body: "x" }), 400, json(0, "Transport unknown"));
    check(await get("?transport=polling&sid=nope", { method: "POST", body: "x" }), 400, unknownSid);
    check(await request(plain, "/engine.io/?EIO=2&transport=polling", { method: "POST", body: "x" }), 400, json(2, "Bad handshake method"));
  });

  it("a PUT on a session is answered 500 and harms nothing", async () => {
    const p = await polling(server);
    const res = await request(server, p.path, { method: "PUT", body: "4x" });
    assert.deepEqual([res.status, res.body], [500, ""]);
    await p.post("4alive");
    assert.equal((await p.get()).body, "4alive");
  });

  it("paths outside are 404, paths below are the engine's", async () => {
    assert.equal((await request(server, "/nothing")).status, 404);
    assert.equal((await request(server, "/")).status, 404);
    assert.equal((await request(server, "/socket.io/nothing.js")).status, 400);
  });
});

describe("polling edges", () => {
  const server = serve("main");
  const small = serve("small");

  it("a second GET while one waits ends the session", async () => {
    const p = await polling(server);
    const first = await p.waiting();
    const second = await p.get();
    assert.deepEqual([second.status, second.body], [400, ""]);
    const one = await first.response();
    assert.deepEqual([one.status, one.body], [200, "1"]);
    first.close();
    assert.ok(await p.gone());
  });

  it("a second POST while one is being received ends the session", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(`POST ${p.path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n`);
    const invited = "HTTP/1.1 100 Continue\r\n\r\n"; // it is being received
    assert.equal((await t.take(invited.length)).toString(), invited);
    t.write("4half");
    const second = await p.post("4x");
    assert.deepEqual([second.status, second.body], [400, ""]);
    assert.equal(await t.rest(), "", "the first POST gets no answer");
    assert.ok(await p.gone());
  });

  it("a body over the limit is refused with 413 and the session lives", async () => {
    const p = await polling(small);
    const fits = "4" + "x".repeat(1999);
    assert.equal((await p.post(fits)).body, "ok");
    assert.equal((await p.get()).body, fits);
    const res = await p.post(fits + "x").catch((err) => err);
    // The reference may reset the connection under a body that is still coming.
    if (res.status !== undefined) assert.deepEqual([res.status, res.body], [413, ""]);
    assert.equal((await p.post("4alive")).body, "ok");
    assert.equal((await p.get()).body, "4alive");
  });

  it("a chunked body over the limit is refused too", async () => {
    const p = await polling(small);
    const t = await tcp(small);
    t.write(`POST ${p.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 5; i++) t.write(`258\r\n${"4".padEnd(600, "x")}\r\n`);
    t.write("0\r\n\r\n");
    assert.equal((await t.response()).status, 413);
    t.close();
    assert.equal((await p.post("4alive")).body, "ok");
  });

  for (const [what, body] of [
    ["an unknown packet type", "abc"],
    ["an empty body", ""],
    ["an empty packet", `4a${RS}${RS}4b`],
    ["a packet type of two digits", "9"],
  ]) {
    it(`${what} ends the session`, async () => {
      const p = await polling(server);
      const res = await p.post(body);
      // 400 would do as well.
      assert.ok(res.status === 400 || (res.status === 200 && res.body === "ok"), `${res.status} ${res.body}`);
      assert.ok(await p.gone(), "the session is gone");
    });
  }

  it("an octet-stream is refused and ends the session", async () => {
    const p = await polling(server);
    const res = await p.post(Buffer.from([0, 4, 255]), { "content-type": "application/octet-stream" });
    assert.deepEqual([res.status, res.body], [400, ""]);
    assert.ok(await p.gone());
  });

  it("a close packet ends the session and the waiting GET", async () => {
    const p = await polling(server);
    const waiting = await p.waiting();
    const post = await p.post("1");
    assert.deepEqual([post.status, post.body], [200, "ok"]);
    const get = await waiting.response();
    assert.equal(get.status, 200);
    assert.ok(["6", "1"].includes(get.body), get.body);
    waiting.close();
    assert.ok(await p.gone());
  });

  it("a ping from the client ends the session", async () => {
    const p = await polling(server);
    const waiting = await p.waiting();
    const post = await p.post("2");
    advised([post.status, post.body], [200, "ok"], [200, "ok"]);
    assert.equal((await waiting.response()).body, "1");
    waiting.close();
    assert.ok(await p.gone());
  });

  it("pongs, noops, upgrades and opens from the client are ignored", async () => {
    const p = await polling(server);
    for (const body of ["3", `6${RS}5${RS}0`]) {
      const res = await p.post(body);
      assert.deepEqual([res.status, res.body], [200, "ok"]);
    }
    await p.post("4alive");
    assert.equal((await p.get()).body, "4alive");
  });

  it("an aborted GET ends the session", async () => {
    const p = await polling(server);
    (await p.waiting()).close();
    assert.ok(await p.gone());
  });

  it("an aborted POST ends the session", async () => {
    const p = await polling(server);
    const t = await tcp(server);
    t.write(`POST ${p.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4half`);
    await sleep(50);
    t.close();
    assert.ok(await p.gone());
  });
});

describe("HTTP itself", () => {
  const server = serve("main");

  const cases = [
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    ["a bare word", "HELLO\r\n\r\n"],
    ["both lengths", "POST /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two different lengths", "POST /engine.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
    ["a length that is no number", "POST /engine.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"],
    ["a blank before the colon", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"],
    ["a header without a colon", "GET /healthz HTTP/1.1\r\nHost: x\r\nfoo\r\n\r\n"],
    ["a zero byte in a header", "GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"],
  ];
  for (const [what, bytes] of cases) {
    it(`${what}: refused, and the connection closed`, async () => {
      const t = await tcp(server);
      t.write(Buffer.from(bytes, "latin1"));
      const all = await t.rest();
      assert.match(all, /^(HTTP\/1\.1 (400|501) |$)/);
    });
  }

  it("headers of 8 kB are accepted, of 20 kB refused", async () => {
    const ok = await request(server, "/engine.io/?EIO=4&transport=polling", { headers: { "x-pad": "a".repeat(7600) } });
    assert.equal(ok.status, 200);
    const t = await tcp(server);
    t.write(`GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX-Pad: ${"a".repeat(20_000)}\r\n\r\n`);
    assert.match(await t.rest(), /^(HTTP\/1\.1 (431|414|400) |$)/);
    const long = await tcp(server);
    long.write(`GET /engine.io/?EIO=4&transport=polling&pad=${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(await long.rest(), /^(HTTP\/1\.1 (431|414|400) |$)/);
  });

  it("HTTP/1.0 is answered and closed", async () => {
    const t = await tcp(server);
    t.write("GET /healthz HTTP/1.0\r\n\r\n");
    assert.match(await t.rest(), /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\n(2\r\n)?ok/);
  });

  it("Connection: close is obeyed", async () => {
    const t = await tcp(server);
    t.write("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(await t.rest(), /^HTTP\/1\.1 200 OK\r\n[^]*0\{"sid"/);
  });
});

describe("CORS", () => {
  const server = serve("main");
  const star = serve("suite");
  const path = "/socket.io/?EIO=4&transport=polling";

  it("a preflight of the allowed origin", async () => {
    const res = await request(server, path, { method: "OPTIONS", headers: { origin: "http://allowed.example", "access-control-request-headers": "x-one" } });
    assert.equal(res.status, 204);
    assert.equal(res.headers["access-control-allow-origin"], "http://allowed.example");
    assert.equal(res.headers["access-control-allow-credentials"], "true");
    assert.equal(res.headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert.equal(res.headers["access-control-allow-headers"], "x-one");
    assert.match(res.headers.vary, /Origin/);
    assert.match(res.headers.vary, /Access-Control-Request-Headers/);
    assert.equal(res.headers["content-length"], "0");
  });

  it("a request of the allowed origin", async () => {
    const res = await request(server, path, { headers: { origin: "http://allowed.example" } });
    assert.equal(res.status, 200);
    assert.equal(res.headers["access-control-allow-origin"], "http://allowed.example");
    assert.equal(res.headers["access-control-allow-credentials"], "true");
    assert.match(res.headers.vary, /Origin/);
  });

  it("errors carry the headers too", async () => {
    const res = await request(server, "/socket.io/?EIO=4", { headers: { origin: "http://allowed.example" } });
    assert.equal(res.status, 400);
    assert.equal(res.headers["access-control-allow-origin"], "http://allowed.example");
  });

  it("any origin, where the server says so", async () => {
    const res = await request(star, path, { headers: { origin: "http://somewhere.example" } });
    assert.equal(res.headers["access-control-allow-origin"], "*");
    const pre = await request(star, path, { method: "OPTIONS", headers: { origin: "http://somewhere.example" } });
    assert.equal(pre.status, 204);
    assert.equal(pre.headers["access-control-allow-origin"], "*");
  });

  it("none without the option", async () => {
    const none = await request(server, path);
    assert.equal(none.status, 200);
  });
});
