import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, fsyncSync, openSync } from 'node:fs';

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

/** Throws what a program said on its way out. */
export function check({ status, stderr }: { status: number | null; stderr: Buffer }): void {
  if (status !== 0) throw new Error(stderr.toString());
}
