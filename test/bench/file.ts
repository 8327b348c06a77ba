import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertToGray } from '../../src/node/convert.ts';
import { inspectFile } from '../../src/node/inspect.ts';
import { resNet18 } from '../fixtures/architectures.ts';
import type { Figure } from './main.ts';

const ROUNDS = 5;
const PYTHON = `
import sys, onnx
from onnx import numpy_helper
m = onnx.load(sys.argv[1])
n = next(n for n in m.graph.node if n.op_type == 'Conv')
t = next(t for t in m.graph.initializer if t.name == n.input[1])
t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).sum(1, keepdims=True), t.name))
onnx.save(m, sys.argv[2])
`;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function time(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Opening and converting, in alternating runs against `cp` and, where python3-onnx is installed, its load, sum and save. */
export async function benchFile(paths: readonly string[]): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-'));
  try {
    const files = paths.length ? paths : [join(folder, 'resnet18-width-160.onnx')];
    if (!paths.length) writeFileSync(files[0] ?? '', resNet18(160));
    const figures: Figure[] = [];
    for (const file of files) figures.push(...(await benchOne(file, folder)));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchOne(file: string, folder: string): Promise<Figure[]> {
  const python = spawnSync('python3', ['-c', 'import onnx']).status === 0;
  const open: number[] = [];
  const gray: number[] = [];
  const copy: number[] = [];
  const load: number[] = [];
  let bytesRead = 0;
  for (let i = 0; i < ROUNDS; i++) {
    open.push(await time(async () => { bytesRead = (await inspectFile(file)).io.bytesRead; }));
    copy.push(await time(() => copyFileSync(file, join(folder, 'copy'))));
    rmSync(join(folder, 'copy'));
    gray.push(await time(async () => { await convertToGray(file, { out: join(folder, 'gray') }); }));
    rmSync(join(folder, 'gray'));
    if (python) load.push(await time(() => { spawnSync('python3', ['-c', PYTHON, file, join(folder, 'python')]); }));
  }
  const size = statSync(file).size;
  return [
    { what: `open ${size} bytes`, value: median(open), unit: 'ms' },
    { what: 'bytes read to open', value: bytesRead / size, unit: 'of the file' },
    { what: 'convert to gray, flushed to disk', value: median(gray) / median(copy), unit: 'times', against: 'copyFile, not flushed' },
    ...(python ? [{ what: 'convert to gray', value: median(gray) / median(load), unit: 'times', against: "python onnx's load, sum, save" }] : []),
  ];
}
