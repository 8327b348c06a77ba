import { utf8, joinBytes } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { floatWeights, headerBytes, safetensorsFile, type WeightsTensor } from '../../fixtures/safetensors.ts';
import { damageBytes, damageJson, seedOf } from './damage.ts';

const typed = (name: string, type: string, dims: readonly number[], width: number): WeightsTensor => ({
  name,
  type,
  dims,
  bytes: Uint8Array.from({ length: Math.ceil(dims.reduce((n, d) => n * d, 1) * width) }, (_, i) => (i * 37) % 251),
});

const FILES: readonly Uint8Array[] = [
  safetensorsFile([
    floatWeights('conv1.weight', [8, 3, 3, 3]),
    floatWeights('conv1.bias', [8]),
    floatWeights('fc.weight', [2, 8]),
  ]),
  safetensorsFile(
    [typed('half.weight', 'F16', [4, 3, 3, 3], 2), typed('scalar', 'I64', [], 8), typed('empty', 'F32', [0, 3], 4)],
    { format: 'pt', 'channelwise.adaptation': '[{"version": "0"}]' },
  ),
  safetensorsFile([
    typed('a', 'BF16', [2, 3, 2, 2], 2),
    typed('b', 'BOOL', [7], 1),
    typed('c', 'F8_E4M3', [2, 3], 1),
    typed('d', 'F64', [3, 3], 8),
  ]),
];

/** A safetensors file, damaged in its header's text, its length or its bytes. */
export function safetensorsInput(seed: number, index: number): Uint8Array {
  const random = new Random(seedOf(seed, index));
  const file = random.pick(FILES);
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = new TextDecoder().decode(file.subarray(8, 8 + length)).trimEnd();
  const text = random.int(4) === 0 ? header : damageJson(random, header);
  const head = random.int(5) === 0 ? rawHeader(random, text) : headerBytes(text);
  const out = joinBytes(head, file.subarray(8 + length));
  return random.int(3) === 0 ? damageBytes(random, out) : out;
}

/** A header whose length says something else, or that is not filled up. */
function rawHeader(random: Random, text: string): Uint8Array {
  const bytes = utf8(text);
  const length = Buffer.alloc(8);
  const lengths = [BigInt(bytes.length), BigInt(random.int(2 * bytes.length)), 2n ** 63n, 100_000_001n, 0n];
  length.writeBigUInt64LE(random.pick(lengths));
  return joinBytes(length, bytes);
}
