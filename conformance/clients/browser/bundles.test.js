// The other bundles in Chromium: those of older versions, over JSONP with its
// script tags and forms too, and the one with msgpack.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { serve } from "../lib/server.js";
import { launch, patience } from "../lib/browser.js";

const file = (path) => fileURLToPath(new URL("../node_modules/" + path, import.meta.url));

const older = {
  "2.5.0": file("socket.io-client-2/dist/socket.io.js"),
  "1.7.4": file("socket.io-client-1/dist/socket.io.js"),
};

describe("Chromium, other bundles", () => {
  const server = serve("main");
  const msgpack = serve("msgpack");
  let browser;

  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** A page of that host with the bundle, and what it asks the server for. */
  const open = async (on, host, script) => {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    page.errors = [];
    page.asked = [];
    page.on("pageerror", (err) => page.errors.push(String(err)));
    page.on("request", (r) => r.url().includes("transport=") && page.asked.push(`${r.method()} ${r.resourceType()}`));
    await page.goto(`http://${host}:${on.port}/page`);
    await page.addScriptTag(script);
    return page;
  };

  /** What every bundle can do, without what only newer ones have. */
  const drive = (page, url, opts, special = "€🦄 \u2028\u2029") =>
    page.evaluate(
      async ([url, opts, special, patience]) => {
        const socket = window.io(url, { forceNew: true, reconnection: false, ...opts });
        // Each step ends, by what it waits for or by an error that names it.
        let leaving = false;
        const step = (name, begin) =>
          new Promise((resolve, reject) => {
            const fail = (why) => reject(new Error(`${name}: ${why}`));
            setTimeout(fail, patience, "it does not happen");
            for (const event of ["connect_error", "error"]) socket.once(event, (err) => fail(`${event}: ${err}`));
            socket.once("disconnect", (why) => leaving || fail("disconnected: " + why));
            begin(resolve);
          });
        const next = (event) => step(event, (done) => socket.once(event, (...args) => done(args)));
        const ask = (...args) => step("the answer to " + args[0], (done) => socket.emit(...args, done));
        await next("connect");
        if (opts.transports.length > 1 && socket.io.engine.transport.name !== "websocket") {
          await step("upgrade", (done) => socket.io.engine.once("upgrade", done));
        }
        const result = { transport: await ask("transport"), protocol: await ask("protocol") };
        const text = special + " \"q\" 'a' \\ \\n \n \r\n <b> %26&d=;+";
        result.echo = (await ask("echo", { text, list: [1, null, true] })).text === text;
        result.big = (await ask("echo", "line \\n\n".repeat(5000))).length;
        const bytes = new Uint8Array(3000).map((_, i) => i & 255);
        const back = new Uint8Array(await ask("echo", bytes.buffer));
        result.binary = back.length === bytes.length && back.every((b, i) => b === (i & 255));
        const seq = [];
        await step("a hundred events", (done) => {
          socket.on("s", (i) => seq.push(i) && i === 99 && done());
          socket.emit("seq", 100, "s");
        });
        result.ordered = seq.length === 100 && seq.every((x, i) => x === i);
        socket.on("question", (n, cb) => cb(n + 1));
        result.asked = await ask("ask", "question", 10_000, 41);
        result.rooms = await ask("join", ["b", "a"]);
        const other = socket.io.socket("/chat");
        await step("connect of /chat", (done) => other.once("connect", done));
        result.chat = await step("the answer of /chat", (done) => other.emit("echo", "in chat", done));
        leaving = true;
        const end = next("disconnect");
        socket.emit("server-disconnect", true);
        result.end = (await end)[0];
        return result;
      },
      [url, opts, special, patience],
    );

  const all = (transport, protocol, end = "io server disconnect") => ({
    transport,
    protocol,
    echo: true,
    big: 40_000,
    binary: true,
    ordered: true,
    asked: { ok: true, args: [42] },
    rooms: ["a", "b"],
    chat: "in chat",
    end,
  });

  for (const [version, path] of Object.entries(older)) {
    for (const [name, opts, ends] of [
      ["websocket", { transports: ["websocket"] }, "websocket"],
      ["polling", { transports: ["polling"] }, "polling"],
      ["polling with upgrade", { transports: ["polling", "websocket"] }, "websocket"],
    ]) {
      it(`the bundle of ${version} over ${name}`, async () => {
        const page = await open(server, "127.0.0.1", { path });
        // In a browser, this one reads a polled answer as a character a byte: what is
        // not ASCII breaks it, whichever server sends it.
        const special = version === "1.7.4" && name === "polling" ? "ASCII" : undefined;
        assert.deepEqual(await drive(page, server.url, opts, special), all(ends, 3));
        assert.deepEqual(page.errors, []);
        await page.close();
      });
    }

    it(`the bundle of ${version} over JSONP, of a page that may read nothing else`, async () => {
      const page = await open(server, "localhost", { path });
      const refused = await page.evaluate((url) => fetch(url).then(() => "read", () => "refused"), server.url + "/socket.io/?EIO=3&transport=polling");
      assert.equal(refused, "refused");
      page.asked.length = 0;
      assert.deepEqual(await drive(page, server.url, { transports: ["polling"], forceJSONP: true }), all("polling", 3));
      assert.deepEqual([...new Set(page.asked)].sort(), ["GET script", "POST document"]);
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }

  for (const [name, transports, ends] of [
    ["websocket", ["websocket"], "websocket"],
    ["polling", ["polling"], "polling"],
    ["polling with upgrade", ["polling", "websocket"], "websocket"],
  ]) {
    it(`the bundle with msgpack over ${name}`, async () => {
      const page = await open(msgpack, "127.0.0.1", { url: msgpack.url + "/socket.io/socket.io.msgpack.min.js" });
      assert.deepEqual(await drive(page, msgpack.url, { transports }), all(ends, 4));
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }
});
