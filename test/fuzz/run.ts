import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bundleTests } from '../../scripts/bundleTests.mjs';
import type { FuzzKindName } from './kinds.ts';

/** No input of some hundred kilobytes may take longer, also on a busy machine. */
const MAX_SECONDS = 30;
/** What the process may hold: V8's heap, and all of its memory. */
const MAX_HEAP_MIB = 600;
const MAX_RESIDENT_BYTES = 2.5 * 1024 ** 3;
const WATCH_MILLISECONDS = 250;

export interface FuzzFailure {
  readonly index: number;
  readonly what: string;
}

export interface FuzzReport {
  readonly inputs: number;
  /** How many inputs ended how. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowest: { readonly index: number; readonly ms: number };
  readonly failures: readonly FuzzFailure[];
}

export interface FuzzOptions {
  readonly kind: FuzzKindName;
  readonly seed: number;
  readonly first?: number;
  /** Ends after this many inputs, or seconds. */
  readonly inputs?: number;
  readonly seconds?: number;
  readonly onFailure?: (failure: FuzzFailure) => void;
}

type Line = { at: number } | { outcome: string; ms: number } | { failure: string };

/**
 * Runs inputs in a process of their own. One that hangs, takes too much memory or dies is a failure, and the run goes
 * on behind it.
 */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { kind, seed, first = 0, inputs = Infinity, seconds = Infinity, onFailure } = options;
  const deadline = Date.now() + 1000 * seconds;
  const state = {
    inputs: 0,
    outcomes: {} as Record<string, number>,
    slowest: { index: -1, ms: 0 },
    failures: [] as FuzzFailure[],
  };
  const fail = (index: number, what: string): void => {
    state.failures.push({ index, what });
    onFailure?.({ index, what });
  };
  const { bundles, removeBundles } = await bundleTests(['test/fuzz/worker.ts']);
  const worker = bundles[0] ?? '';
  for (let next = first; state.inputs < inputs && Date.now() < deadline;) {
    next = await runChild(
      { worker, kind, seed, first: next },
      (line, index) => {
        if ('at' in line) return state.inputs >= inputs || Date.now() >= deadline;
        state.inputs++;
        if ('failure' in line) fail(index, line.failure);
        else {
          state.outcomes[line.outcome] = (state.outcomes[line.outcome] ?? 0) + 1;
          if (line.ms > state.slowest.ms) state.slowest = { index, ms: line.ms };
        }
        return false;
      },
      (index, what) => {
        state.inputs++;
        fail(index, what);
      },
    );
  }
  removeBundles();
  return state;
}

/** Runs one process until `onLine` says so or it fails; returns the next index. */
async function runChild(
  { worker, kind, seed, first }: { worker: string; kind: FuzzKindName; seed: number; first: number },
  onLine: (line: Line, index: number) => boolean,
  onDeath: (index: number, what: string) => void,
): Promise<number> {
  const args = [`--max-old-space-size=${MAX_HEAP_MIB}`, '--enable-source-maps', worker, kind, `${seed}`, `${first}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let at = first;
  let since = Infinity;
  let stopped = false;
  let reason = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors = `${errors}${data.toString()}`.slice(-2000);
  });
  const watch = setInterval(() => {
    if (Date.now() - since > 1000 * MAX_SECONDS) reason = `it took longer than ${MAX_SECONDS} s`;
    if (residentBytes(child.pid) > MAX_RESIDENT_BYTES)
      reason = `it took more than ${MAX_RESIDENT_BYTES} bytes of memory`;
    if (reason) child.kill('SIGKILL');
  }, WATCH_MILLISECONDS);
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  for await (const text of createInterface({ input: child.stdout })) {
    if (stopped) continue;
    const line = JSON.parse(text) as Line;
    if ('at' in line) {
      at = line.at;
      since = Date.now();
    }
    stopped = onLine(line, at);
    if (stopped) child.kill('SIGKILL');
  }
  await ended;
  clearInterval(watch);
  if (stopped) return at;
  if (since === Infinity) throw new Error(`the fuzzing process did not start: ${errors}`);
  onDeath(at, reason || `the process died: ${errors}`);
  return at + 1;
}

/** Linux tells; elsewhere only V8's own limit holds. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}
