import { rawBytes } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { elementCount, wholeRange, type StoredTensor } from '../../tensors/storedTensor.ts';
import type { ChangedTensor, PairedTensors } from './pairTensors.ts';

/** More than the first layer of any network takes, with an optimizer's moments of it. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * The changed tensors with the adapted file's bytes in memory, and its file let go of: ONNX Runtime needs the memory.
 * Where much has changed, all stays as it was.
 */
export async function withoutFile(paired: PairedTensors, letGo: () => Promise<void>): Promise<PairedTensors> {
  const bytes = paired.changed.reduce((sum, { adapted }) => sum + byteLength(adapted), 0);
  if (bytes > MAX_BYTES) return paired;
  const changed: ChangedTensor[] = [];
  for (const pair of paired.changed) changed.push({ ...pair, adapted: await inMemory(pair.adapted) });
  await letGo();
  return { ...paired, changed };
}

async function inMemory(tensor: StoredTensor): Promise<StoredTensor> {
  const row = knownRow(tensor.dtype, tensor.name);
  const bytes = new Uint8Array(byteLength(tensor));
  let at = 0;
  await tensor.stream(wholeRange(tensor), (part) => {
    bytes.set(part, at);
    at += part.length;
  });
  return {
    ...tensor,
    stream: async ({ from, to }, visit) => visit(bytes.subarray(rawBytes(row, from), rawBytes(row, to))),
  };
}

function byteLength(tensor: StoredTensor): number {
  return rawBytes(knownRow(tensor.dtype, tensor.name), elementCount(tensor));
}
