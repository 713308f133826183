// The official admin UI, in a real browser, against the module adminui.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { launch, patience } from "../lib/browser.js";

const binary = process.env.ADMINUI ?? fileURLToPath(new URL("../../../bin/adminui-example", import.meta.url));
const ui = fileURLToPath(new URL("../node_modules/@socket.io/admin-ui/ui/dist", import.meta.url));
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Runs the example, which serves the page of the admin UI too, for a describe block. */
function serve(...flags) {
  const server = { clients: [] };
  before(async () => {
    const args = ["--addr", "127.0.0.1:0", "--password", "secret", "--ui", ui, ...flags];
    const child = (server.child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] }));
    for await (const line of createInterface({ input: child.stdout })) {
      server.url = line;
      break;
    }
    assert.match(server.url ?? "", /^http:/, "the example says where it serves");
    child.stdout.resume();
  });
  after(async () => {
    for (const c of server.clients) c.close();
    if (!server.child?.pid || server.child.exitCode !== null) return;
    server.child.kill("SIGKILL");
    await once(server.child, "exit");
  });
  server.client = async () => {
    const c = io(server.url, { forceNew: true, transports: ["websocket"], reconnection: false });
    server.clients.push(c);
    await new Promise((ok, bad) => c.once("connect", ok).once("connect_error", bad));
    return c;
  };
  return server;
}

/** The page, with its dialog open; what it wants of other hosts is not fetched. */
async function open(server) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(patience);
  await context.route((url) => url.origin !== server.url, (route) => route.abort());
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (err) => page.errors.push(String(err)));
  await page.goto(server.url);
  return page;
}

const log = async (page, server, password) => {
  await page.getByLabel("Server URL").fill(server.url);
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Connect" }).click();
};

const connected = (page) => page.getByText("connected", { exact: true }).filter({ visible: true }).first().waitFor();
const look = (page, where) => page.evaluate((hash) => void (location.hash = hash), where);
const row = (page, text) => page.locator("tbody tr", { hasText: text }).filter({ visible: true });

describe("the official admin UI", () => {
  const server = serve();

  test("a wrong password is refused, the right one is asked for once", async () => {
    const page = await open(server);
    await log(page, server, "wrong");
    await page.getByText("Invalid credentials").waitFor();
    await log(page, server, "secret");
    await connected(page);
    await page.getByLabel("Password").waitFor({ state: "hidden" });
    await page.reload();
    await connected(page);
    assert.equal(await page.getByLabel("Password").isVisible(), false);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });

  test("shows sockets, rooms, events and the server, and changes what they are in", async () => {
    const client = await server.client();
    const other = await server.client();
    const { id } = client; // gone once it is disconnected
    const page = await open(server);
    await log(page, server, "secret");
    await connected(page);

    await look(page, "#/sockets/");
    await row(page, client.id).waitFor();
    await row(page, other.id).waitFor();

    client.emit("join", "blue");
    client.emit("echo", "of the client");
    await look(page, "#/rooms/");
    await row(page, "blue").waitFor();
    await look(page, "#/events/");
    await row(page, client.id).filter({ hasText: "Room joined" }).waitFor();
    await row(page, client.id).filter({ hasText: "Event received" }).filter({ hasText: "echo" }).waitFor();

    await look(page, `#/n/%2F/sockets/${client.id}`);
    await row(page, "blue").waitFor();
    await page.getByLabel("Join a room").fill("green");
    await page.locator("form button[type=submit]").filter({ visible: true }).click();
    await row(page, "green").waitFor();
    await row(page, "blue").locator("button:has(.mdi-tag-off-outline)").click();
    await row(page, "Deleted").waitFor(); // of the room, which the page goes to

    await look(page, "#/servers/");
    await row(page, String(server.child.pid)).filter({ hasText: "Healthy" }).waitFor();

    await look(page, "#/sockets/");
    const gone = once(client, "disconnect");
    await row(page, client.id).locator("button:has(.mdi-logout)").click();
    assert.equal((await gone)[0], "io server disconnect");
    await look(page, "#/sockets/");
    await row(page, other.id).waitFor();
    await row(page, id).waitFor({ state: "detached" });
    assert.equal(other.connected, true);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
});

describe("the official admin UI that may only look", () => {
  const server = serve("--readonly");

  test("shows sockets, and offers nothing that changes them", async () => {
    const client = await server.client();
    const page = await open(server);
    await log(page, server, "secret");
    await connected(page);
    await look(page, "#/sockets/");
    await row(page, client.id).waitFor();
    assert.equal(await row(page, client.id).locator("button:has(.mdi-logout)").count(), 0);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
});
