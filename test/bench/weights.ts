import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { convertToGray } from '../../src/jobs/convert.ts';
import { inspectAny } from '../../src/page/printed/inspect.ts';
import { floatWeights, safetensorsFile } from '../fixtures/safetensors.ts';
import type { Figure } from './main.ts';
import { alternate, beside, check, copy, flush, forget, median, peakMemory, time } from './measure.ts';

const ROUNDS = 5;
const PYTHON = '/usr/bin/python3';
/** Where test/fixtures/torch has a writer of safetensors files that needs torch alone. */
const FIXTURES = join(import.meta.dirname, '../fixtures/torch');

/** The same weights of 1 GB in both forms: a first convolution, and 60 matrices behind it. */
const MAKE = `
import sys, torch
sys.path.insert(0, sys.argv[3])
from safetensorsFile import write_safetensors
state = {"conv1.weight": torch.randn(64, 3, 7, 7), **{f"layers.{i}.weight": torch.randn(2048, 2048) for i in range(60)}}
torch.save(state, sys.argv[1])
write_safetensors(state, sys.argv[2])
`;
const TORCH = `
import sys, torch
state = torch.load(sys.argv[1])
state["conv1.weight"] = state["conv1.weight"].sum(1, keepdim=True)
torch.save(state, sys.argv[2])
`;
/** conv1.weight is the first in the file, so all others move by as much as it shrinks. */
const MMAP = `
import json, mmap, struct, sys
import numpy as np
with open(sys.argv[1], "rb") as file:
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
length, = struct.unpack("<Q", data[:8])
header, base = json.loads(data[8:8 + length]), 8 + length
first = header["conv1.weight"]
end = first["data_offsets"][1]
folded = np.frombuffer(data, np.float32, end // 4, base).reshape(first["shape"]).sum(1, keepdims=True)
for name, entry in header.items():
    if name not in ("conv1.weight", "__metadata__"):
        entry["data_offsets"] = [at - end + folded.nbytes for at in entry["data_offsets"]]
first.update(shape=list(folded.shape), data_offsets=[0, folded.nbytes])
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + folded.tobytes())
    file.write(memoryview(data)[base + end:])
`;
/** Prints the milliseconds that listing the tensors takes, without those that Python takes to start. */
const LIST = `
import sys, time
import json, mmap, struct
start = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
print(1000 * (time.perf_counter() - start))
`;

/** What a person would do without Channelwise, by the ending of the file. */
const RECIPES: Readonly<Record<string, { readonly script: string; readonly what: string }>> = {
  '.pth': { script: TORCH, what: "torch's load, sum, save" },
  '.safetensors': { script: MMAP, what: "Python's json and mmap, sum, write" },
};

/**
 * Opening and converting 1 GB of weights as PyTorch and as safetensors have them, in alternating runs against `cp` with
 * a flush and what Python does. Needs python3-torch, and for the memory the built command line.
 */
export async function benchWeights(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-'));
  try {
    const files = Object.keys(RECIPES).map((ending) => join(folder, `weights${ending}`));
    check(spawnSync(PYTHON, ['-B', '-c', MAKE, ...files, FIXTURES]));
    const figures: Figure[] = [];
    for (const file of files) figures.push(...(await opening(file)), ...(await converting(file)), ...memory(file));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function opening(file: string): Promise<Figure[]> {
  const times: number[] = [];
  let bytesRead = 0;
  for (let round = 0; round < ROUNDS; round++) {
    forget(file);
    times.push(
      await time(async () => {
        bytesRead = (await inspectAny(file)).io.bytesRead;
      }),
    );
  }
  const what = `open ${extname(file)} of ${statSync(file).size} bytes`;
  const listed = extname(file) === '.safetensors' ? { against: `Python's json over mmap, ${listing(file)} ms` } : {};
  return [
    { what, value: median(times), unit: 'ms', ...listed },
    { what: `read to open ${extname(file)}`, value: bytesRead, unit: 'bytes' },
  ];
}

function listing(file: string): string {
  const times = Array.from({ length: ROUNDS }, () => {
    const run = spawnSync(PYTHON, ['-c', LIST, file]);
    check(run);
    return Number(run.stdout);
  });
  return median(times).toPrecision(2);
}

async function converting(file: string): Promise<Figure[]> {
  const ending = extname(file);
  const recipe = RECIPES[ending] ?? { script: '', what: '' };
  const times = await alternate(
    {
      convert: (to) => convertToGray(file, { out: to }),
      'cp and sync of the file': (to) => {
        copy(file, to);
        flush(to);
      },
      [`${recipe.what}, not flushed`]: (to) => check(spawnSync(PYTHON, ['-c', recipe.script, file, to])),
    },
    { rounds: ROUNDS, target: (round) => join(file, `../made-${round}${ending}`) },
  );
  const what = `convert ${ending} to gray`;
  const peers = [...times.keys()].filter((maker) => maker !== 'convert');
  return [
    { what: `${what}, flushed to disk`, value: median(times.get('convert') ?? []), unit: 'ms' },
    ...peers.map((peer) => ({ what, ...beside(times, 'convert', { peer, said: peer }) })),
  ];
}

/** What a conversion holds more at its peak than the same program with next to nothing to convert. */
function memory(file: string): Figure[] {
  const to = join(file, `../peak${extname(file)}`);
  const nothing = join(file, '../nothing.safetensors');
  writeFileSync(nothing, safetensorsFile([floatWeights('conv1.weight', [1, 3, 1, 1])]));
  const idle = peakMemory(['gray', nothing, '--dry-run']);
  const peak = peakMemory(['gray', file, '-o', to]);
  rmSync(to, { force: true });
  if (idle === null || peak === null) return [];
  return [
    {
      what: `peak memory of converting ${extname(file)}`,
      value: (peak - idle) / 2 ** 20,
      unit: 'MiB',
      against: `${Math.round(idle / 2 ** 20)} MiB of the same program with next to nothing to convert`,
    },
  ];
}
