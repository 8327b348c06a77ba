import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { convertToGray } from '../../src/jobs/convert.ts';
import { resNet18 } from '../fixtures/architectures.ts';
import { Random } from '../fixtures/random.ts';
import type { Figure } from './main.ts';
import { check } from './measure.ts';

/** With so many channels it has as many multiply-adds as ResNet-50. */
const WIDTH = 96;
const PICTURES = 24;
/** In turn with one thread and with all; the quickest counts, as other work on the machine only slows them. */
const RUNS = 3;
const child = fileURLToPath(new URL('threadsChild.ts', import.meta.url));

interface Times {
  readonly evaluating: number;
  readonly verifying: number;
}

/** Evaluates pictures and verifies whole models with all threads, beside the same with one. */
export async function benchThreads(): Promise<Figure[]> {
  const threads = availableParallelism();
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-'));
  try {
    const model = join(folder, 'model.onnx');
    writeFileSync(model, resNet18(WIDTH));
    const { outPath } = await convertToGray(model);
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    for (let i = 0; i < PICTURES; i++) writeFileSync(join(pictures, `${i}.png`), picture(i));
    const run = (count: number): Times => timesOf([String(count), model, outPath ?? '', pictures]);
    const [one, all]: [Times[], Times[]] = [[], []];
    for (let i = 0; i < RUNS; i++) {
      one.push(run(1));
      all.push(run(threads));
    }
    return [
      figure(`evaluating ${PICTURES} pictures`, threads, [one, all].map(quickest('evaluating'))),
      figure('verifying whole models', threads, [one, all].map(quickest('verifying'))),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function picture(seed: number): Buffer {
  const random = new Random(seed);
  const png = new PNG({ width: 320, height: 240 });
  png.data.forEach((_, i) => {
    png.data[i] = i % 4 === 3 ? 255 : random.int(256);
  });
  return PNG.sync.write(png);
}

function timesOf(args: readonly string[]): Times {
  const ran = spawnSync(process.execPath, ['--import', 'tsx', child, ...args]);
  check(ran);
  return JSON.parse(ran.stdout.toString()) as Times;
}

const quickest =
  (what: keyof Times) =>
  (runs: readonly Times[]): number =>
    Math.min(...runs.map((times) => times[what]));

function figure(what: string, threads: number, [one = NaN, all = NaN]: readonly number[]): Figure {
  return {
    what: `${what}, a network as heavy as ResNet-50, with ${threads} threads`,
    value: one / all,
    unit: 'times as fast',
    against: `one thread: ${(one / 1000).toFixed(1)} s; all: ${(all / 1000).toFixed(1)} s`,
  };
}
