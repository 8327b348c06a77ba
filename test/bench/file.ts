import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { convertToGray } from '../../src/jobs/convert.ts';
import { openFileSource } from '../../src/files/fileSource.ts';
import { inspectFile } from '../../src/page/printed/inspect.ts';
import { verifyFiles } from '../../src/jobs/verify.ts';
import { scanModel } from '../../src/formats/onnx/scan/scan.ts';
import { resNet18 } from '../fixtures/architectures.ts';
import { writeLargeModel } from '../fixtures/largeModel.ts';
import type { Figure } from './main.ts';
import { alternate, beside, check, copy, flush, forget, median, peakMemory, time } from './measure.ts';

const ROUNDS = 5;
/** A disk that others use too is slow in some rounds; of so many, the middle one settles. */
const WRITING_ROUNDS = 15;
const PYTHON = `
import sys, onnx
from onnx import numpy_helper
m = onnx.load(sys.argv[1])
n = next(n for n in m.graph.node if n.op_type == 'Conv')
t = next(t for t in m.graph.initializer if t.name == n.input[1])
t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).sum(1, keepdims=True), t.name))
onnx.save(m, sys.argv[2])
`;
/** Other pythons of the machine may lack the package that Debian's has. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/**
 * Opening, converting, proving and cancelling, in alternating runs against `cp` and, where python3-onnx is installed,
 * its load, sum and save.
 */
export async function benchFile(paths: readonly string[], large: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-'));
  try {
    const files = [...paths];
    if (large) {
      files.push(join(folder, 'large-1.5-GB.onnx'));
      writeLargeModel(files.at(-1) ?? '', { layers: 46, side: 2896, holes: false });
    } else if (!paths.length) {
      files.push(join(folder, 'resnet18-width-160.onnx'));
      writeFileSync(files[0] ?? '', resNet18(160));
    }
    const figures: Figure[] = [];
    for (const file of files)
      figures.push(...(await benchOne(file, folder)).map((f) => ({ of: basename(file), ...f })));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchOne(file: string, folder: string): Promise<Figure[]> {
  const python = PYTHONS.find((p) => recipeWorks(p, file, join(folder, 'tried.onnx')));
  const makers = {
    convert: (to: string) => convertToGray(file, { out: to }),
    cp: (to: string) => copy(file, to),
    'cp, flushed': (to: string): void => {
      copy(file, to);
      flush(to);
    },
  };
  const opened: number[] = [];
  let bytesRead = 0;
  for (let round = 0; round < ROUNDS; round++) {
    forget(file);
    opened.push(
      await time(async () => {
        bytesRead = (await inspectFile(file)).io.bytesRead;
      }),
    );
  }
  const target = (round: number): string => join(folder, `made-${round}.onnx`);
  const times = await alternate(makers, { rounds: WRITING_ROUNDS, target });
  const { convert } = makers;
  const slow = python && {
    convert,
    python: (to: string): void => check(spawnSync(python, ['-c', PYTHON, file, to])),
  };
  const slowTimes = slow && (await alternate(slow, { rounds: ROUNDS, target }));
  const size = statSync(file).size;
  const peakFile = join(folder, 'peak.onnx');
  const peak = peakMemory(['gray', file, '-o', peakFile]);
  rmSync(peakFile, { force: true });
  const proof = await proving(file, folder);
  return [
    { what: `open ${size} bytes`, value: median(opened), unit: 'ms' },
    { what: 'read to open', value: bytesRead, unit: 'bytes' },
    { what: 'convert to gray, flushed to disk', value: median(times.get('convert') ?? []), unit: 'ms' },
    { what: 'convert', ...beside(times, 'convert', { peer: 'cp, flushed', said: 'cp and sync of the file' }) },
    { what: 'convert', ...beside(times, 'convert', { peer: 'cp', said: 'cp, not flushed' }) },
    ...(slowTimes
      ? [
          {
            what: 'convert',
            ...beside(slowTimes, 'convert', { peer: 'python', said: "python onnx's load, sum, save, not flushed" }),
          },
        ]
      : []),
    ...(peak === null ? [] : [{ what: 'peak memory of the converting process', value: peak / 2 ** 20, unit: 'MiB' }]),
    {
      what: 'prove the converted file',
      value: proof.verify / proof.cmp,
      unit: 'times',
      against: `cmp of two copies of the file, ${Math.round(proof.cmp)} ms`,
    },
    {
      what: 'from a cancel to the end of a scan, worst of 10',
      value: await slowestCancel((signal) => scan(file, signal)),
      unit: 'ms',
    },
    {
      what: 'from a cancel to the end of a conversion, worst of 10',
      value: await slowestCancel(
        (signal) => convertToGray(file, { out: join(folder, 'cancelled.onnx'), signal }),
        () => rmSync(join(folder, 'cancelled.onnx'), { force: true }),
      ),
      unit: 'ms',
    },
  ];
}

/**
 * The recipe knows one kind of first weight; where it fails, or onnx is not installed, there is nothing to compare
 * with.
 */
function recipeWorks(python: string, file: string, to: string): boolean {
  const { status } = spawnSync(python, ['-c', PYTHON, file, to]);
  rmSync(to, { force: true });
  return status === 0;
}

/**
 * Milliseconds to prove a converted file, which compares every byte behind the seam, and for `cmp` of two copies;
 * alternating runs.
 */
async function proving(file: string, folder: string): Promise<{ verify: number; cmp: number }> {
  const [adapted, same] = [join(folder, 'proved.onnx'), join(folder, 'same.onnx')];
  await convertToGray(file, { out: adapted });
  copy(file, same);
  flush(same);
  const [verify, cmp]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    verify.push(await time(() => verifyFiles(file, adapted)));
    cmp.push(await time(() => check(spawnSync('cmp', [file, same]))));
  }
  rmSync(adapted);
  rmSync(same);
  return { verify: median(verify), cmp: median(cmp) };
}

async function scan(file: string, signal: AbortSignal): Promise<void> {
  const source = await openFileSource(file);
  try {
    await scanModel(source, signal);
  } finally {
    await source.close();
  }
}

/** How long work goes on after a cancel at ten moments of it. */
async function slowestCancel(
  work: (signal: AbortSignal) => Promise<unknown>,
  tidy: () => void = () => undefined,
): Promise<number> {
  const whole = await time(() => work(new AbortController().signal));
  tidy();
  let slowest = 0;
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController();
    let cancelled = Infinity;
    const timer = setTimeout(
      () => {
        cancelled = performance.now();
        controller.abort();
      },
      (whole * i) / 10,
    );
    await work(controller.signal).catch(() => undefined);
    slowest = Math.max(slowest, performance.now() - cancelled);
    clearTimeout(timer);
    tidy();
  }
  return slowest;
}
