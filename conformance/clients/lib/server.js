// Starts the server under test. COMMAND names it (default: the built
// conformance server of this repository), split at blanks; the contract's flags
// follow.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { after, before } from "node:test";
import { patience, within } from "./util.js";

const built = fileURLToPath(new URL("../../../bin/conformance-server", import.meta.url));
const command = (process.env.COMMAND || built).split(" ").filter(Boolean);

const running = new Set();
// A test that failed half-way leaves nothing running.
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Runs the server without waiting for anything: {child, exit, out, err}. */
export function launch(...args) {
  const child = spawn(command[0], [...command.slice(1), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const run = { child, out: "", err: "" };
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.stdout.on("data", (d) => (run.out += d));
  child.stderr.on("data", (d) => (run.err += d));
  run.exit = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  return run;
}

/** Starts a profile and waits for its READY line. */
export async function start(profile, port = 0) {
  const run = launch("--profile", profile, "--port", String(port), "--host", "127.0.0.1");
  const ready = new Promise((resolve) => {
    run.child.stdout.on("data", () => {
      const m = /^READY (\d+)\n/m.exec(run.out);
      if (m) resolve(Number(m[1]));
    });
  });
  const timer = setTimeout(() => run.child.kill("SIGKILL"), 3 * patience);
  const got = await Promise.race([ready, run.exit]);
  clearTimeout(timer);
  if (typeof got !== "number") throw new Error(`the server did not start: ${JSON.stringify(got)}\n${run.out}${run.err}`);
  run.port = got;
  run.url = `http://127.0.0.1:${got}`;
  run.stop = async () => {
    run.child.kill("SIGTERM");
    const hard = setTimeout(() => run.child.kill("SIGKILL"), patience);
    const end = await run.exit;
    clearTimeout(hard);
    return end;
  };
  return run;
}

/**
 * One server for all tests of a describe block. The object is filled in before
 * the first test; a server that died or that complained of a data race or a
 * panic fails the block.
 */
export function serve(profile) {
  const server = {};
  before(async () => {
    Object.assign(server, await start(profile));
  });
  after(async () => {
    if (!server.child) return;
    const { exitCode, signalCode } = server.child;
    if (exitCode !== null || signalCode !== null) throw new Error(`the server died: ${exitCode ?? signalCode}\n${server.err}`);
    await server.stop();
    if (/DATA RACE|panic:|fatal error:/.test(server.err)) throw new Error(server.err);
  });
  return server;
}

export async function stats(server) {
  const res = await within(patience, fetch(server.url + "/stats"), "/stats");
  return res.json();
}
