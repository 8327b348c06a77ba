import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, rmSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PEAK = fileURLToPath(new URL('./peakMemory.mjs', import.meta.url));

/** The middle one of some measurements. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Milliseconds that some work takes. */
export async function time(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A copy by `cp`, where there is one. */
export function copy(from: string, to: string): void {
  if (spawnSync('cp', [from, to]).status !== 0) copyFileSync(from, to);
}

/** Waits until a file's bytes are on the disk. */
export function flush(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** The file counts as another one from now on, so that nothing which was read of it before is used. */
export function forget(path: string): void {
  if (!existsSync(path)) throw new Error(`${path} does not exist.`);
  const now = new Date();
  utimesSync(path, now, now);
}

/** Throws what a program said on its way out. */
export function check({ status, stderr }: { status: number | null; stderr: Buffer }): void {
  if (status !== 0) throw new Error(stderr.toString());
}

/** One way to make a file. */
export type Maker = (to: string) => Promise<unknown> | unknown;

/** The median milliseconds of each maker. What it made is flushed and removed before the next one begins. */
export async function alternate(
  makers: Readonly<Record<string, Maker>>,
  { rounds, target }: { readonly rounds: number; readonly target: (round: number) => string },
): Promise<Map<string, number>> {
  const times = new Map<string, number[]>();
  const all = Object.entries(makers);
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none always follows the same neighbour.
    for (const [name, make] of [...all.slice(round % all.length), ...all.slice(0, round % all.length)]) {
      const to = target(round);
      times.set(name, [...(times.get(name) ?? []), await time(() => make(to))]);
      flush(to);
      rmSync(to);
    }
  }
  return new Map([...times].map(([name, taken]) => [name, median(taken)]));
}

/** Bytes that the built command line held at most, as a process of its own; null where it was not built. */
export function peakMemory(args: readonly string[]): number | null {
  if (!existsSync(CLI)) return null;
  const run = spawnSync(process.execPath, ['--import', PEAK, CLI, ...args]);
  check(run);
  return Number(/peak (\d+)/.exec(run.stderr.toString())?.[1]) * 1024;
}
