import assert from "node:assert/strict";

/**
 * How long what has to happen may take, in ms. Only a failure waits that long, so
 * it is far above what a slow and busy machine needs.
 */
export const patience = 20_000;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Fails with what when the promise takes longer than ms. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
    timer.unref(); // what nobody waits for any more keeps no process
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until check() is true. */
export async function until(check, what, ms = patience) {
  for (const end = Date.now() + ms; ; await sleep(15)) {
    if (await check()) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
  }
}

/**
 * A queue of what arrived: push from an event handler, take in the order of
 * arrival. Nothing is lost between two awaits.
 */
export class Queue {
  items = [];
  waiting = [];
  push(item) {
    const w = this.waiting.findIndex((x) => x.match(item));
    if (w >= 0) this.waiting.splice(w, 1)[0].resolve(item);
    else this.items.push(item);
  }
  take(ms, what, match = () => true) {
    const i = this.items.findIndex(match);
    if (i >= 0) return Promise.resolve(this.items.splice(i, 1)[0]);
    const entry = { match };
    const got = new Promise((resolve) => (entry.resolve = resolve));
    this.waiting.push(entry);
    return within(ms, got, what).catch((err) => {
      this.waiting = this.waiting.filter((x) => x !== entry);
      err.message += `; queued: ${JSON.stringify(this.items).slice(0, 300)}`;
      throw err;
    });
  }
}

/**
 * Where the reference server is known to deviate from what is advised, the
 * advised value is demanded; LENIENT=1 (for runs against the reference) lets the
 * reference's pass too.
 */
export function advised(actual, want, reference) {
  if (process.env.LENIENT) {
    try {
      assert.deepEqual(actual, reference);
      return;
    } catch {
      // then it has to be the advised one
    }
  }
  assert.deepEqual(actual, want);
}
export const lenient = Boolean(process.env.LENIENT);
