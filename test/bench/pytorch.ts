import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountingSource } from '../../src/bytes/byteSource.ts';
import { openFileSource } from '../../src/files/fileSource.ts';
import { saveBeside } from '../../src/files/save/save.ts';
import { openTorch } from '../../src/formats/pytorch/torchFile.ts';
import { foldTensor } from '../fixtures/torch/foldTensor.ts';
import type { Figure } from './main.ts';
import { check, copy, flush, median, time } from './measure.ts';

const ROUNDS = 5;
const PYTHON = '/usr/bin/python3';
/** A state dict of 1 GB: a first convolution, and 60 matrices behind it. */
const MAKE = `
import sys, torch
torch.save({"conv1.weight": torch.randn(64, 3, 7, 7), **{f"layers.{i}.weight": torch.randn(2048, 2048) for i in range(60)}}, sys.argv[1])
`;
const RECIPE = `
import sys, torch
state = torch.load(sys.argv[1])
state["conv1.weight"] = state["conv1.weight"].sum(1, keepdim=True)
torch.save(state, sys.argv[2])
`;

/**
 * Opening and converting a 1 GB state dict, in alternating runs against `cp` with a flush and torch's load, sum and
 * save. Needs python3-torch.
 */
export async function benchPytorch(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-'));
  try {
    const file = join(folder, 'state.pth');
    check(spawnSync(PYTHON, ['-c', MAKE, file]));
    return await measure(file, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(file: string, folder: string): Promise<Figure[]> {
  const makers: Readonly<Record<string, (to: string) => Promise<void> | void>> = {
    convert: (to) => convert(file, to),
    'cp, flushed': (to) => {
      copy(file, to);
      flush(to);
    },
    torch: (to) => check(spawnSync(PYTHON, ['-c', RECIPE, file, to])),
  };
  const times: Record<string, number[]> = { open: [] };
  let bytesRead = 0;
  for (let round = 0; round < ROUNDS; round++) {
    times.open?.push(
      await time(async () => {
        bytesRead = await bytesToOpen(file);
      }),
    );
    // Each round begins with another one, so that none always follows the same neighbour.
    const names = Object.keys(makers);
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const to = join(folder, `made-${round}.pth`);
      (times[name] ??= []).push(await time(() => makers[name]?.(to)));
      flush(to);
      rmSync(to);
    }
  }
  const ms = (name: string): number => median(times[name] ?? []);
  const against = (name: string, what: string): Figure => ({
    what: 'convert a state dict to gray',
    value: ms('convert') / ms(name),
    unit: 'times',
    against: `${what}, ${Math.round(ms(name))} ms`,
  });
  return [
    { what: `open ${statSync(file).size} bytes`, value: ms('open'), unit: 'ms' },
    { what: 'read to open', value: bytesRead, unit: 'bytes' },
    { what: 'convert a state dict to gray, flushed to disk', value: ms('convert'), unit: 'ms' },
    against('cp, flushed', 'cp and sync of the file'),
    against('torch', "torch's load, sum, save, not flushed"),
  ];
}

async function bytesToOpen(path: string): Promise<number> {
  const file = await openFileSource(path);
  try {
    const source = new CountingSource(file);
    await openTorch(source);
    return source.bytesRead;
  } finally {
    await file.close();
  }
}

async function convert(path: string, to: string): Promise<void> {
  const source = await openFileSource(path);
  try {
    const file = await openTorch(source);
    const splices = await file.splices([await foldTensor(file, 'conv1.weight', false)]);
    const name = to.slice(to.lastIndexOf('/') + 1);
    await saveBeside({ source, splices, directory: join(to, '..'), candidates: (i) => (i === 0 ? name : null) });
  } finally {
    await source.close();
  }
}
