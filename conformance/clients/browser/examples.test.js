// The pages of examples/, used by people in a real browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, patience } from "../lib/browser.js";

const built = process.env.EXAMPLES ?? fileURLToPath(new URL("../../../bin/examples", import.meta.url));
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Runs an example for a describe block, on a port of its own. */
function run(name) {
  const server = {};
  before(async () => {
    const child = (server.child = spawn(`${built}/${name}`, ["-addr", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] }));
    const said = [];
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      server.url = / open (http:\S+)/.exec(line)?.[1];
      if (server.url) break;
    }
    assert.ok(server.url, `${name} says which page to open; it said: ${said.join("\n")}`);
    child.stderr.resume();
  });
  after(async () => {
    const { child } = server;
    if (!child?.pid || child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return server;
}

/** A browser of somebody's own, in which tabs are opened. */
async function person(options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  return context;
}

async function tab(context, server) {
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (err) => page.errors.push(String(err)));
  await page.goto(server.url);
  return page;
}

async function enter(page, name) {
  await page.fill("#name", name);
  await page.click("#login button");
  await page.locator("#login").waitFor({ state: "hidden" });
}

const connected = (page) => page.locator("#status.on").waitFor();

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

async function end(...pages) {
  for (const p of pages) assert.deepEqual(p.errors, []);
  await Promise.all(pages.map((p) => p.context().close()));
}

const phone = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} pixels wide`);
}

describe("whiteboard", () => {
  const server = run("whiteboard");
  /** Waits until the sheet has, or has no, colour at a point of 1600 x 1000. */
  const inked = (page, x, y, want = true) => page.waitForFunction(([x, y, want]) => {
    const d = document.querySelector("#sheet").getContext("2d").getImageData(x - 8, y - 8, 16, 16).data;
    return d.some((v) => v < 200) === want;
  }, [x, y, want]);

  test("what one draws the others see, and those who come later", async () => {
    const ada = await tab(await person(), server);
    const bob = await tab(await person(phone), server);
    await Promise.all([connected(ada), connected(bob)]);
    await fits(bob);
    await ada.getByLabel("Blue").check();
    const box = await ada.locator("#sheet").boundingBox();
    const at = (x, y) => [box.x + (x / 1600) * box.width, box.y + (y / 1000) * box.height];
    await ada.mouse.move(...at(400, 300));
    await ada.mouse.down();
    await ada.mouse.move(...at(800, 600), { steps: 20 });
    await ada.mouse.move(...at(1200, 300), { steps: 20 });
    await ada.mouse.up();
    await inked(ada, 800, 600);
    await inked(bob, 800, 600);
    const cid = await tab(await person(), server);
    await inked(cid, 800, 600);
    await inked(cid, 100, 100, false);
    await shot(ada, "whiteboard");
    await shot(bob, "whiteboard-phone");
    await bob.tap("#clear");
    for (const p of [ada, bob, cid]) await inked(p, 800, 600, false);
    await end(ada, bob, cid);
  });

  test("the keyboard draws too", async () => {
    const [ada, bob] = [await tab(await person(), server), await tab(await person(), server)];
    await Promise.all([connected(ada), connected(bob)]);
    await ada.focus("#sheet");
    await ada.keyboard.press("Space");
    for (let i = 0; i < 5; i++) await ada.keyboard.press("ArrowRight");
    await ada.getByText("The pen is down at 900, 500.").waitFor();
    await inked(bob, 880, 500);
    await end(ada, bob);
  });
});

describe("private messages", () => {
  const server = run("private");

  test("they reach one person, in all tabs, and wait while that one is away", async () => {
    const ada = await tab(await person(), server);
    await enter(ada, "Ada");
    const home = await person();
    const bob = await tab(home, server);
    await enter(bob, "Bob");
    const bob2 = await tab(home, server); // comes in by the session
    await bob2.getByText("Bob’s private messages").waitFor();
    const eve = await tab(await person(phone), server);
    await enter(eve, "Eve");
    await fits(eve);

    await ada.locator("#users button", { hasText: "Bob" }).click();
    await ada.fill("#text", "between us");
    await ada.press("#text", "Enter");
    await ada.locator("#log li", { hasText: "between us" }).waitFor();
    for (const p of [bob, bob2]) {
      await p.locator("#users .unread", { hasText: "1 new" }).waitFor();
      await p.locator("#users button", { hasText: "Ada" }).click();
      await p.locator("#log li", { hasText: "between us" }).waitFor();
    }
    await shot(bob, "private");
    await Promise.all([bob.close(), bob2.close()]);
    await ada.locator("#users button", { hasText: "Bob" }).getByText("away").waitFor();
    await ada.fill("#text", "for when you are back");
    await ada.press("#text", "Enter");
    await ada.locator("#log li", { hasText: "for when" }).waitFor();
    const back = await tab(home, server);
    await back.locator("#users .unread", { hasText: "1 new" }).waitFor(); // the first was read
    await back.locator("#users button", { hasText: "Ada" }).click();
    await back.locator("#log li", { hasText: "for when" }).waitFor();
    // Eve has talked with nobody, and has got nothing.
    await ada.locator("#users button", { hasText: "Bob" }).getByText("online").waitFor();
    await eve.locator("#users button", { hasText: "Ada" }).click();
    await shot(eve, "private-phone");
    assert.equal(await eve.locator("#log li, .unread").count(), 0);
    await end(ada, back, eve);
  });
});

describe("presence", () => {
  const server = run("presence");

  test("several tabs are one person, who leaves with the last", async () => {
    const eve = await tab(await person(phone), server);
    await enter(eve, "Eve");
    await fits(eve);
    const home = await person();
    const ada = await tab(home, server);
    await enter(ada, "Ada");
    const row = eve.locator("#people li", { hasText: "Ada" });
    await row.getByText("1 tab", { exact: true }).waitFor();
    const ada2 = await tab(home, server); // need not say a name again
    await row.getByText("2 tabs").waitFor();
    await ada2.getByText("Ada (you)").waitFor();
    await eve.getByText("2 online").waitFor();
    await shot(ada2, "presence");
    await shot(eve, "presence-phone");
    await ada.close();
    await row.getByText("1 tab", { exact: true }).waitFor();
    await ada2.close();
    await eve.getByText("Ada has left.").waitFor();
    await eve.getByText("1 online").waitFor();
    await home.close();
    await end(eve);
  });

  test("a bad name is refused in words", async () => {
    const page = await tab(await person(), server);
    await page.fill("#name", "   ");
    await page.click("#login button");
    await page.locator("#problem", { hasText: "a name has 1 to 24 letters" }).waitFor();
    await end(page);
  });
});
