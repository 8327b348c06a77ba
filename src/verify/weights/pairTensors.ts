import { rawBytes } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { elementCount, type ElementRange, type StoredTensor } from '../../tensors/storedTensor.ts';
import { sameBytes } from '../../bytes/sameBytes.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';

/** The same tensor in both files, with other numbers. */
export interface ChangedTensor {
  readonly name: string;
  readonly original: StoredTensor;
  readonly adapted: StoredTensor;
}

export interface PairedTensors {
  readonly changed: readonly ChangedTensor[];
  /** Bytes of tensors that are the same. */
  readonly bytesCompared: number;
  readonly sameTensors: number;
  /** Names that only one of the files has. */
  readonly unpaired: readonly string[];
}

/** Elements compared at once: 8 MiB of doubles. A multiple of all element packings. */
const STEP_ELEMENTS = 2 ** 20;

/** Compares all tensors of two files, by name and byte for byte. Each is read once, a part at a time. */
export async function pairTensors(
  original: readonly StoredTensor[],
  adapted: readonly StoredTensor[],
  onProgress: (fraction: number) => void,
): Promise<PairedTensors> {
  const others = new Map(adapted.map((tensor) => [tensor.name, tensor]));
  const names = new Set(original.map(({ name }) => name));
  const unpaired = adapted.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const changed: ChangedTensor[] = [];
  const memory = new StepMemory();
  let [bytesCompared, sameTensors] = [0, 0];
  for (const [i, tensor] of original.entries()) {
    const other = others.get(tensor.name);
    if (!other) unpaired.push(tensor.name);
    else if (await sameTensor(tensor, other, memory)) {
      sameTensors += 1;
      bytesCompared += rawBytes(knownRow(tensor.dtype, tensor.name), elementCount(tensor));
    } else changed.push({ name: tensor.name, original: tensor, adapted: other });
    onProgress((i + 1) / original.length);
  }
  return { changed, bytesCompared, sameTensors, unpaired };
}

async function sameTensor(a: StoredTensor, b: StoredTensor, memory: StepMemory): Promise<boolean> {
  if (a.dtype !== b.dtype || !sameNumbers(a.dims, b.dims)) return false;
  const row = knownRow(a.dtype, a.name);
  const count = elementCount(a);
  for (let from = 0; from < count; from += STEP_ELEMENTS) {
    const range = { from, to: Math.min(count, from + STEP_ELEMENTS) };
    const bytes = memory.ofLength(rawBytes(row, range.to - from));
    await fill(bytes, a, range);
    if (!(await holds(b, range, bytes))) return false;
  }
  return true;
}

async function fill(bytes: Uint8Array, tensor: StoredTensor, range: ElementRange): Promise<void> {
  let at = 0;
  await tensor.stream(range, (part) => {
    bytes.set(part, at);
    at += part.length;
  });
}

/** The tensor has these bytes in this range. */
async function holds(tensor: StoredTensor, range: ElementRange, bytes: Uint8Array): Promise<boolean> {
  let at = 0;
  let same = true;
  await tensor.stream(range, (part) => {
    same &&= sameBytes(part, bytes.subarray(at, at + part.length));
    at += part.length;
  });
  return same && at === bytes.length;
}

/** Memory for one step after another: new memory for each would pile up until it is collected. */
class StepMemory {
  private bytes = new Uint8Array(0);

  ofLength(length: number): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(length);
    return this.bytes.subarray(0, length);
  }
}
