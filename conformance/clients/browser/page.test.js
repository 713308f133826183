// The official browser bundle in Chromium, on the conformance server's page.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { how, patience } from "../lib/browser.js";
import { serve } from "../lib/server.js";

describe("Chromium", () => {
  const server = serve("main");
  const deflate = serve("deflate");
  let context;
  let profile;

  before(async () => {
    profile = mkdtempSync(join(tmpdir(), "sio-fast-chromium-"));
    context = await chromium.launchPersistentContext(profile, { ...how, headless: true });
    context.setDefaultTimeout(patience);
  });
  after(async () => {
    await context?.close();
    if (profile) rmSync(profile, { recursive: true, force: true });
  });

  const open = async (on = server) => {
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (err) => errors.push(String(err)));
    await page.goto(on.url + "/page");
    await page.addScriptTag({ url: on.url + "/socket.io/socket.io.js" });
    return { page, errors };
  };

  const drive = (page, transports) =>
    page.evaluate(async (transports) => {
      const socket = window.io({ transports, forceNew: true, reconnection: false });
      const next = (event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
      const greeting = next("auth");
      await next("connect");
      const result = { auth: await greeting };
      if (transports.length > 1 && socket.io.engine.transport.name !== "websocket") {
        await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
      }
      result.transport = socket.io.engine.transport.name;
      result.told = await socket.timeout(30_000).emitWithAck("transport");
      result.echo = await socket.timeout(30_000).emitWithAck("echo", { text: "€🦄", list: [1, null] });
      const bytes = new Uint8Array(70_000).map((_, i) => i & 255);
      const back = await socket.timeout(30_000).emitWithAck("echo", bytes.buffer);
      result.binary = back instanceof ArrayBuffer && back.byteLength === bytes.length && new Uint8Array(back).every((b, i) => b === (i & 255));
      const blob = await socket.timeout(30_000).emitWithAck("echo", new Blob(["blob"]));
      result.blob = new TextDecoder().decode(blob);
      const seq = [];
      socket.on("s", (i) => seq.push(i));
      const last = new Promise((resolve) => socket.on("s", (i) => i === 199 && resolve()));
      socket.emit("seq", 200, "s");
      await last;
      result.ordered = seq.every((x, i) => x === i) && seq.length === 200;
      socket.on("question", (n, cb) => cb(n + 1));
      result.asked = await socket.timeout(30_000).emitWithAck("ask", "question", 10_000, 41);
      result.rooms = await socket.timeout(30_000).emitWithAck("join", ["b", "a"]);
      const heard = next("hello");
      socket.emit("in", "a", "hello", 1);
      result.heard = await heard;
      const end = next("disconnect");
      socket.emit("server-disconnect", true);
      result.end = (await end)[0];
      return result;
    }, transports);

  for (const [name, transports, ends] of [
    ["websocket", ["websocket"], "websocket"],
    ["polling", ["polling"], "polling"],
    ["polling with upgrade", ["polling", "websocket"], "websocket"],
  ]) {
    it(`the official bundle over ${name}`, async () => {
      const { page, errors } = await open();
      assert.deepEqual(await drive(page, transports), {
        auth: [{}],
        transport: ends,
        told: ends,
        echo: { text: "€🦄", list: [1, null] },
        binary: true,
        blob: "blob",
        ordered: true,
        asked: { ok: true, args: [42] },
        rooms: ["a", "b"],
        heard: [1],
        end: "io server disconnect",
      });
      assert.deepEqual(errors, []);
      await page.close();
    });
  }

  it("with compression, which Chromium offers by itself", async () => {
    const { page, errors } = await open(deflate);
    const got = await page.evaluate(async () => {
      const result = {};
      for (const name of ["websocket", "polling"]) {
        const socket = window.io({ transports: [name], forceNew: true, reconnection: false });
        await new Promise((resolve) => socket.once("connect", resolve));
        const text = "lorem ipsum €🦄 ".repeat(2000);
        const back = await socket.timeout(30_000).emitWithAck("echo", text);
        const big = new Promise((resolve) => socket.once("big", (b) => resolve(b.byteLength)));
        socket.emit("big-bin", 1_000_000, "big");
        result[name] = { echo: back === text, big: await big, extensions: socket.io.engine.transport.ws?.extensions ?? "" };
        socket.disconnect();
      }
      // What the polls took on the wire, and decoded; and the bundle.
      const size = (part) =>
        performance.getEntriesByType("resource").filter((e) => e.name.includes(part)).sort((a, b) => b.decodedBodySize - a.decodedBodySize)[0];
      const poll = size("transport=polling");
      const file = size("socket.io.js");
      result.saved = poll.decodedBodySize > 1_000_000 && poll.encodedBodySize < 100_000;
      result.file = file.encodedBodySize < file.decodedBodySize / 2;
      return result;
    });
    assert.match(got.websocket.extensions, /^permessage-deflate/);
    assert.deepEqual(
      { ...got, websocket: { ...got.websocket, extensions: "" } },
      { websocket: { echo: true, big: 1_000_000, extensions: "" }, polling: { echo: true, big: 1_000_000, extensions: "" }, saved: true, file: true },
    );
    assert.deepEqual(errors, []);
    await page.close();
  });

  it("two pages hear each other, and one that is closed leaves", async () => {
    const a = await open();
    const b = await open();
    for (const { page } of [a, b]) {
      await page.evaluate(async () => {
        window.socket = window.io({ forceNew: true });
        window.heard = [];
        window.socket.on("m", (x) => window.heard.push(x));
        await new Promise((resolve) => window.socket.once("connect", resolve));
        await window.socket.emitWithAck("join", "pages");
      });
    }
    await a.page.evaluate(() => window.socket.emit("to", "pages", "m", "from a"));
    await b.page.waitForFunction(() => window.heard.includes("from a"));
    const id = await b.page.evaluate(() => window.socket.id);
    await b.page.close();
    const how = await a.page.evaluate((id) => window.socket.timeout(30_000).emitWithAck("reason-of", id), id);
    assert.ok(["transport close", "transport error"].includes(how.reason), how.reason);
    assert.deepEqual(how.rooms, ["pages"]);
    assert.deepEqual(await a.page.evaluate(() => window.heard), []);
    await a.page.close();
  });

  it("a page of an origin that is allowed may read, another may not", async () => {
    const { page } = await open();
    // 127.0.0.1 and localhost are two origins; only http://allowed.example is allowed.
    const got = await page.evaluate(
      (url) => fetch(url).then(() => "read", () => "refused"),
      `http://localhost:${server.port}/socket.io/?EIO=4&transport=polling`,
    );
    assert.equal(got, "refused");
    await page.close();
  });
});
