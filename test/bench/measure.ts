import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, rmSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from './main.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PEAK = fileURLToPath(new URL('./peakMemory.mjs', import.meta.url));

/** The middle one of some measurements. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Milliseconds that some work takes. */
export async function time(work: () => unknown): Promise<number> {
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
export type Maker = (to: string) => unknown;

/**
 * Milliseconds of each maker, one a round. What it made is flushed and removed before the next one begins. Two makers of
 * one round are compared with `beside`.
 */
export async function alternate(
  makers: Readonly<Record<string, Maker>>,
  { rounds, target }: { readonly rounds: number; readonly target: (round: number) => string },
): Promise<Map<string, readonly number[]>> {
  const times = new Map<string, number[]>();
  const all = Object.entries(makers);
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, and every other goes backwards, so that none always follows the same one.
    const turned = [...all.slice(round % all.length), ...all.slice(0, round % all.length)];
    for (const [name, make] of round % 2 ? turned.reverse() : turned) {
      const to = target(round);
      times.set(name, [...(times.get(name) ?? []), await time(() => make(to))]);
      flush(to);
      rmSync(to);
    }
  }
  return times;
}

/**
 * How many times as long one maker takes as a peer: the median over the rounds of both, and how far the rounds lie
 * apart, so that a disk that others use too is seen.
 */
export function beside(
  times: ReadonlyMap<string, readonly number[]>,
  maker: string,
  { peer, said }: { readonly peer: string; readonly said: string },
): Pick<Figure, 'value' | 'unit' | 'against'> {
  const others = times.get(peer) ?? [];
  const ratios = (times.get(maker) ?? []).map((taken, round) => taken / (others[round] ?? NaN));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return {
    value: median(ratios),
    unit: 'times',
    against: `${said}, ${Math.round(median(others))} ms; ${least} to ${most} in ${ratios.length} rounds`,
  };
}

/** Bytes that the built command line held at most, as a process of its own; null where it was not built. */
export function peakMemory(args: readonly string[]): number | null {
  if (!existsSync(CLI)) return null;
  const run = spawnSync(process.execPath, ['--import', PEAK, CLI, ...args]);
  check(run);
  return Number(/peak (\d+)/.exec(run.stderr.toString())?.[1]) * 1024;
}
