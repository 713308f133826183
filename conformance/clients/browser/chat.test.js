// The chat that the binary serves, used by people in a real browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { launch, patience } from "../lib/browser.js";

const binary = process.env.SIO_FAST ?? "bin/sio-fast";
let server, url, browser;

before(async () => {
  server = spawn(binary, ["--addr", "127.0.0.1:0", "--log-format", "json"], { stdio: ["ignore", "ignore", "pipe"] });
  server.done = new Promise((resolve) => server.once("exit", (code, signal) => resolve({ code, signal })));
  for await (const line of createInterface({ input: server.stderr })) {
    const entry = JSON.parse(line);
    if (entry.url) {
      url = entry.url;
      break;
    }
  }
  assert.ok(url, "the server says which page to open");
  server.stderr.resume();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.kill("SIGKILL");
});


/**
 * A person in a browser of their own, who has come in. Each test has people of its
 * own: the server may see those of the last one a moment longer.
 */
async function person(name, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (err) => page.errors.push(String(err)));
  page.on("console", (m) => m.type() === "error" && page.errors.push(m.text()));
  await page.goto(url);
  await page.fill("#name", name);
  await page.click("#login-form button");
  await page.waitForSelector("#app:not([hidden])");
  return page;
}

const said = (page, text) => page.locator("#log li", { hasText: text }).first().waitFor();

test("two people meet in the lobby, see each other and talk", async () => {
  const ada = await person("Ada");
  const bob = await person("Bob");
  await ada.locator("#users li", { hasText: "Bob" }).waitFor();
  await bob.locator("#users li", { hasText: "Ada" }).waitFor();
  // Who writes is told by a volatile event, which a connection in the middle of
  // its upgrade drops. What is heard after it proves that both are through.
  for (const [from, to] of [[ada, bob], [bob, ada]]) {
    await from.waitForFunction(() => socket.io.engine.transport.name === "websocket");
    await from.fill("#text", "I am in");
    await from.press("#text", "Enter");
    await to.locator("#log li", { hasText: "I am in" }).nth(to === bob ? 0 : 1).waitFor();
  }
  // It is shown for some seconds only, so nothing may be missed while it is.
  await ada.evaluate(() => {
    const line = document.querySelector("#typing");
    window.writing = new Promise((resolve) => {
      new MutationObserver(() => line.textContent && resolve(line.textContent)).observe(line, { childList: true });
    });
  });
  await bob.fill("#text", "hello <b>Ada</b> & \u{1F44B}");
  assert.match(await ada.evaluate(() => window.writing), /^Bob is writing/);
  await bob.press("#text", "Enter");
  await said(ada, "hello <b>Ada</b> & \u{1F44B}"); // as text, not as markup
  await said(bob, "hello <b>Ada</b>");
  assert.equal(await ada.locator("#log b").count(), 0);
  assert.equal(await ada.locator("#title").textContent(), "# lobby");
  await ada.waitForFunction(() => Number(document.querySelector("#clients").textContent) >= 2);
  await ada.waitForFunction(() => /^\d/.test(document.querySelector("#rate").textContent));
  assert.deepEqual([...ada.errors, ...bob.errors], []);
  await bob.context().close();
  await ada.locator("#users li", { hasText: "Bob" }).waitFor({ state: "detached" });
  await ada.context().close();
});

test("a room of one's own, and its history for who comes later", async () => {
  const cleo = await person("Cleo");
  await cleo.fill("#room-name", "gophers");
  await cleo.press("#room-name", "Enter");
  await cleo.waitForFunction(() => document.querySelector("#title").textContent === "# gophers");
  await cleo.fill("#text", "before Dan came");
  await cleo.press("#text", "Enter");
  await said(cleo, "before Dan came");
  const dan = await person("Dan");
  assert.equal(await dan.getByText("before Dan came").count(), 0);
  await dan.fill("#room-name", "gophers");
  await dan.press("#room-name", "Enter");
  await said(dan, "before Dan came");
  await cleo.waitForFunction(() => document.querySelector("#members").textContent === "2 members");
  await dan.click("#leave");
  await cleo.waitForFunction(() => document.querySelector("#members").textContent === "1 member");
  await Promise.all([cleo.context().close(), dan.context().close()]);
});

test("private messages reach one person alone", async () => {
  const [gus, hal, eve] = [await person("Gus"), await person("Hal"), await person("Eve")];
  await gus.locator("#users button", { hasText: "Hal" }).click();
  await gus.fill("#text", "between us");
  await gus.press("#text", "Enter");
  await said(gus, "between us");
  await hal.locator("#users .unread").waitFor();
  await hal.locator("#users button", { hasText: "Gus" }).click();
  await said(hal, "between us");
  assert.equal(await eve.getByText("between us").count(), 0);
  await Promise.all([gus, hal, eve].map((p) => p.context().close()));
});

test("a pasted image arrives as binary and is shown", async () => {
  const [ivy, jon] = [await person("Ivy"), await person("Jon")];
  await ivy.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 40;
    canvas.getContext("2d").fillRect(0, 0, 40, 40);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const data = new DataTransfer();
    data.items.add(new File([blob], "x.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
  });
  for (const page of [ivy, jon]) {
    const img = page.locator("#log img");
    await img.waitFor();
    await page.waitForFunction(() => document.querySelector("#log img").naturalWidth === 40);
  }
  await Promise.all([ivy, jon].map((p) => p.context().close()));
});

test("it fits a phone", async () => {
  const page = await person("Pip", { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} pixels wide`);
  await page.click("#menu");
  await page.locator("#users li", { hasText: "Pip (you)" }).waitFor();
  await page.context().close();
});

test("a name is asked for, and a bad one refused in words", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.fill("#name", "   ");
  await page.click("#login-form button");
  await page.getByText("a name has 1 to 24 letters").waitFor();
  await page.context().close();
});

test("a signal closes every session and ends with 0", async () => {
  const zoe = await person("Zoe");
  server.kill("SIGTERM");
  assert.deepEqual(await server.done, { code: 0, signal: null });
  await zoe.getByText("Connection lost").first().waitFor();
  await zoe.context().close();
});
