import { writeSync } from 'node:fs';
import { Random } from '../fixtures/random.ts';
import { FUZZ_KINDS, isFuzzKind } from './kinds.ts';

/**
 * Checks inputs first, first + 1, … until it is stopped. Each line on its output is JSON: `{ at }` before an input, so
 * that whoever waits knows which one hangs, then `{ outcome, ms }` or `{ failure }`.
 */
const [kind = 'onnx', ...numbers] = process.argv.slice(2);
const [seed = 1, first = 0] = numbers.map(Number);
if (!isFuzzKind(kind)) throw new Error(`there is no kind ${kind}`);
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Written at once, not when the event loop comes to it: a hang must not hold it back. A full pipe is waited for. */
function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

const { input, check } = FUZZ_KINDS[kind]();
for (let at = first; ; at++) {
  say({ at });
  const start = performance.now();
  try {
    const outcome = await check(input(seed, at), new Random(at));
    say({ outcome, ms: performance.now() - start });
  } catch (error) {
    say({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
