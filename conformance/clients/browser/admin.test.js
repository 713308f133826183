// The admin page of the binary, opened in a real browser while clients talk.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import WebSocket from "ws";
import { launch, patience } from "../lib/browser.js";

const binary = process.env.SIO_FAST ?? "bin/sio-fast";
const clients = [];
let server, admin, address, browser, talk;

before(async () => {
  server = spawn(binary, ["--app", "load", "--addr", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--loops", "2", "--log-format", "json"],
    { stdio: ["ignore", "ignore", "pipe"] });
  for await (const line of createInterface({ input: server.stderr })) {
    const entry = JSON.parse(line);
    if (entry.msg === "admin pages") admin = entry.address;
    if (entry.msg === "serving") address = `http://${entry.address}`;
    if (admin && address) break;
  }
  assert.ok(admin && address, "the server says where it serves");
  server.stderr.resume();
  browser = await launch();
  for (let i = 0; i < 5; i++) clients.push(io(address, { transports: ["websocket"], forceNew: true }));
  await Promise.all(clients.map((c) => new Promise((ok, bad) => c.once("connect", ok).once("connect_error", bad))));
  talk = setInterval(() => {
    for (const c of clients) c.emit("echo", "x".repeat(64));
    clients[0].emit("all", "to all");
  }, 20);
});

after(async () => {
  clearInterval(talk);
  for (const c of clients) c.close();
  await browser?.close();
  server?.kill("SIGKILL");
});

async function open(options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (err) => page.errors.push(String(err)));
  page.on("console", (m) => m.type() === "error" && page.errors.push(m.text()));
  await page.goto(admin);
  return page;
}

test("the numbers move while clients talk", async () => {
  const page = await open();
  await page.waitForFunction(() => document.querySelector("#clients").textContent === "5");
  for (const id of ["in", "out"]) {
    await page.waitForFunction((id) => Number(document.getElementById(id).textContent.replace(/,/g, "")) >= 50, id);
  }
  await page.waitForFunction(() => /\d (µs|ms|s)$/.test(document.querySelector("#fan").textContent));
  await page.waitForFunction(() => /MiB|GiB/.test(document.querySelector("#memory").textContent));
  await page.getByText("live", { exact: true }).waitFor();
  // The lines grow from second to second.
  const points = () => document.querySelector("#plot-messages-a-second path:not(.area)").getAttribute("d").split("L").length;
  const seen = await page.evaluate(points);
  await page.waitForFunction((n) => document.querySelector("#plot-messages-a-second path:not(.area)").getAttribute("d").split("L").length > n, seen);
  assert.equal(await page.locator(".plot").count(), 9);
  assert.ok(await page.locator("#loops tbody tr").count() >= 1);
  // One leaves, and the page says so and why.
  clients.pop().close();
  await page.waitForFunction(() => document.querySelector("#clients").textContent === "4");
  await page.locator("#closed tr", { hasText: "transport close" }).filter({ hasText: "1" }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

/** A client that connects and then never reads again. */
async function deaf() {
  const ws = new WebSocket(`${address.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
  ws.on("error", () => {}); // it will be cut
  await new Promise((ok) => ws.once("open", ok));
  ws.send("40");
  await new Promise((ok) => ws.on("message", (m) => String(m).startsWith("40") && ok()));
  ws.pause();
  return ws;
}

test("every plot draws what happens: lag by loop, a slow client, garbage collection", async () => {
  const page = await open();
  await page.getByText("live", { exact: true }).waitFor();
  // Which keys have shown something that is not nothing, at any time.
  await page.evaluate(() => {
    window.moved = new Set();
    setInterval(() => {
      for (const key of document.querySelectorAll(".plot .key:not([hidden])")) {
        if (/[1-9]/.test(key.querySelector("b").textContent)) moved.add(`${key.closest(".plot").id} ${key.childNodes[1].textContent.trim()}`);
      }
    }, 100);
  });
  // One after the other, for what is dropped with one shows for a second only.
  const silent = [await deaf()];
  let over = false;
  const another = setInterval(() => deaf().then((ws) => (over ? ws.terminate() : silent.push(ws)), () => {}), 1000);
  const flood = setInterval(() => clients[0].emit("all", "x".repeat(20000)), 20);
  const collect = setInterval(() => page.evaluate(() => document.querySelector("#gc").click()).catch(() => {}), 700);
  const want = ["clients clients", "clients sockets", "messages-a-second in", "messages-a-second out", "messages-a-second dropped",
    "fan-out-latency p50", "fan-out-latency p99", "loop-lag loop 0", "loop-lag loop 1", "backlog unsent", "traffic-a-second in",
    "traffic-a-second out", "memory RSS", "memory heap", "memory goal", "cpu-of-one-core all", "cpu-of-one-core GC", "longest-gc-pause pause"]
    .map((k) => `plot-${k}`);
  try {
    await page.waitForFunction((want) => want.every((k) => moved.has(k)), want)
      .catch(async (err) => {
        const seen = await page.evaluate(() => [...moved]);
        assert.fail(`${err}; nothing of ${want.filter((k) => !seen.includes(k)).join(", ")}`);
      });
  } finally {
    over = true;
    clearInterval(another);
    clearInterval(flood);
    clearInterval(collect);
    for (const ws of silent) ws.terminate();
  }
  for (const [id, name] of [["closed", "slow client"], ["dropped", "message: slow client"]]) {
    await page.locator(`#${id} tr`, { hasText: name }).filter({ hasText: /client[1-9]\d*$/ }).waitFor();
  }
  await page.locator("#dropped tr", { hasText: /^bytes discarded[1-9].* [KM]iB$/ }).waitFor();
  const legends = await page.locator("#plot-loop-lag .key:visible").allTextContents();
  assert.deepEqual(legends.map((l) => l.match(/loop \d+/)?.[0]), ["loop 0", "loop 1"]);
  assert.equal(await page.locator("#loops tbody tr").count(), 2);
  // A line for each key, of points that can be drawn, and above the axis where the
  // plot's own scale makes it so.
  const lines = await page.evaluate(() => [...document.querySelectorAll(".plot")].map((p) => ({
    id: p.id,
    keys: p.querySelectorAll(".key:not([hidden])").length,
    axis: p.querySelector(".grid").getAttribute("y1"),
    paths: [...p.querySelectorAll("path:not(.area)")].map((path) => path.getAttribute("d")),
  })));
  assert.equal(lines.length, 9);
  for (const { id, keys, axis, paths } of lines) {
    assert.equal(paths.length, keys, id);
    const heights = paths.map((d) => {
      assert.match(d, /^(M[\d.]+ [\d.]+l\.01 0(L[\d.]+ [\d.]+)*)+$/, id);
      return [...d.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map((m) => Number(axis) - Number(m[1]));
    });
    assert.ok(heights.every((line) => line.length > 2), `${id}: ${paths}`);
    assert.ok(heights.some((line) => line.some((y) => y > 20)), `${id} is flat: ${paths}`);
  }
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("a page that is opened late knows what happened before", async () => {
  const page = await open();
  await page.waitForFunction(() => (document.querySelector("#plot-clients path.c0")?.getAttribute("d") ?? "").split("L").length > 2);
  await page.click("text=10 min");
  assert.equal(await page.locator("[data-window='600']").getAttribute("aria-pressed"), "true");
  await page.getByText("−10 min").first().waitFor();
  // The values under the pointer, in every plot at once.
  await page.hover("#plot-clients svg");
  await page.waitForFunction(() => document.querySelectorAll(".plot .cursor").length === 9);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("profiles are switched on and off", async () => {
  const page = await open();
  await page.getByText("live", { exact: true }).waitFor();
  const now = async () => (await (await fetch(`${admin}/profiling`)).json()).block_nanoseconds;
  await page.check("#block");
  await page.waitForFunction(async () => (await (await fetch("profiling")).json()).block_nanoseconds > 0);
  await page.uncheck("#block");
  await page.waitForFunction(async () => (await (await fetch("profiling")).json()).block_nanoseconds === 0);
  assert.equal(await now(), 0);
  const gc = page.waitForResponse((r) => r.url().endsWith("/gc"));
  await page.click("#gc");
  assert.equal((await gc).status(), 204);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test("it fits a phone, in both colours", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, colorScheme });
    await page.getByText("live", { exact: true }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} pixels wide`);
    await page.context().close();
  }
});

test("it says so when the server is gone", async () => {
  const page = await open();
  await page.getByText("live", { exact: true }).waitFor();
  server.kill("SIGKILL");
  await page.getByText("the server does not answer").waitFor();
  await page.context().close();
});
