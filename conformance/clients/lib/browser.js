// Chromium, as every test in a browser starts it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** How long a browser may take on a machine that is slow and busy, in ms. */
export const patience = 120_000;

/** Which Chromium, how it is started, and for how long that may take. */
export const how = {
  timeout: patience,
  executablePath:
    process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p)),
  // It talks to this machine alone: nothing of its own may go out.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
};

/** Starts a browser. */
export const launch = () => chromium.launch(how);
