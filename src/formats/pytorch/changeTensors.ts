import { addTo } from '../../bytes/lists.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';
import type { Splice } from '../../bytes/splice.ts';
import { DTYPES, rawBytes, type DtypeRow } from '../../tensors/dtypes.ts';
import type { FoundTensor } from './checkpoint.ts';
import { moduleChanges } from './moduleSizes.ts';
import type { LiteralChange } from './pickle/pickleEdit.ts';
import { contiguousStrides, viewEnd, viewStart, type RebuiltTensor } from './rebuiltTensor.ts';
import { storageBytes } from './container/storageName.ts';
import { reversedElements } from './tensorData.ts';
import type { ContainerEdit, PicklePart, StorageEdit, TorchStorage } from './container/torchContainer.ts';
import { product } from '../../tensors/dims.ts';
import type { NewTensor } from './newTensor.ts';

/** All tensors that are views of one storage, and those of them that change. */
interface StorageUse {
  readonly part: PicklePart;
  readonly views: readonly FoundTensor[];
  readonly changes: ReadonlyMap<FoundTensor, NewTensor>;
}

/**
 * What has to change in a file so that these tensors have new sizes and elements, and every other tensor stays as it
 * is. A storage that nothing else looks at is replaced, as torch would write it. Where other tensors lie in the same
 * storage, a tensor that does not grow keeps its place in it. Throws `refused`: code `quantised`, `shared-storage` or
 * `shared-literal`.
 */
export function tensorEdit(all: readonly FoundTensor[], changes: readonly NewTensor[]): ContainerEdit {
  const literals = new Map<PicklePart, LiteralChange[]>();
  const storages: StorageEdit[] = [];
  for (const use of storageUses(all, changes)) {
    for (const change of use.changes.values()) checkChange(change);
    const { storage, literals: found } = isWhole(use) ? wholeEdit(use) : inPlaceEdit(use);
    storages.push(storage);
    addTo(literals, use.part, ...found, ...moduleChanges([...use.changes.values()]));
  }
  return { literals, storages };
}

function storageUses(all: readonly FoundTensor[], changes: readonly NewTensor[]): StorageUse[] {
  const byFound = new Map(changes.map((change) => [change.found, change]));
  const changed = new Map<PicklePart, Set<string>>();
  for (const { found } of changes) {
    const keys = changed.get(found.part) ?? new Set();
    changed.set(found.part, keys.add(found.tensor.storage.key));
  }
  return [...changed].flatMap(([part, keys]) =>
    [...keys].map((key) => {
      const views = all.filter((found) => found.part === part && found.tensor.storage.key === key);
      const entries = views.flatMap((view): [FoundTensor, NewTensor][] => {
        const change = byFound.get(view);
        return change ? [[view, change]] : [];
      });
      return { part, views, changes: new Map(entries) };
    }),
  );
}

function checkChange({ found, dims, bytes }: NewTensor): void {
  const { tensor, name } = found;
  if (tensor.quantised) throw refused('quantised', name, 'is quantised, and its scales would not fit a sum');
  if (tensor.shared)
    throw refused('shared-literal', name, 'shares its description with other values; save the file again with torch');
  const count = product(dims);
  if (dims.length !== tensor.dims.length || bytes.length !== rawBytes(rowOf(tensor), count))
    throw new RangeError(`${bytes.length} bytes for ${name} of sizes ${dims.join(', ')}`);
}

const UNTIE =
  'Where both layers see the image, name both; else give one a copy of its own (`.clone()`) and save the file again';

function refused(code: string, name: string, why: string): ChannelwiseError {
  return new ChannelwiseError('refused', code, `Tensor ${name} can't be changed: it ${why}.`, { tensor: name });
}

function rowOf({ dtype }: RebuiltTensor): DtypeRow {
  const row = DTYPES[dtype];
  if (!row) throw new RangeError(`element type ${dtype}`);
  return row;
}

/** Whether every view of the storage becomes the same tensor: one tensor, or one under several names. */
function isWhole({ views, changes }: StorageUse): boolean {
  const [first] = changes.values();
  return (
    first?.found.tensor.storage.viewOffset === 0 &&
    views.every((view) => {
      const change = changes.get(view);
      return change !== undefined && sameView(view.tensor, first.found.tensor) && sameResult(change, first);
    })
  );
}

function sameView(a: RebuiltTensor, b: RebuiltTensor): boolean {
  return (
    a.dtype === b.dtype &&
    viewStart(a) === viewStart(b) &&
    sameNumbers(a.dims, b.dims) &&
    sameNumbers(a.strides, b.strides)
  );
}

function sameResult(a: NewTensor, b: NewTensor): boolean {
  return a === b || (sameNumbers(a.dims, b.dims) && sameNumbers(a.bytes, b.bytes));
}

interface UseEdit {
  readonly storage: StorageEdit;
  readonly literals: readonly LiteralChange[];
}

/** The storage holds the new tensor and nothing else. */
function wholeEdit({ part, views, changes }: StorageUse): UseEdit {
  const change = [...changes.values()][0];
  if (!change) throw new RangeError('nothing changes');
  const { tensor } = change.found;
  const { bytes } = change;
  const length = storageBytes(tensor.storage);
  const storage = part.storage(tensor.storage.key, length);
  const count = tensor.storage.dtype === 'untyped' ? bytes.length : bytes.length / rawBytes(rowOf(tensor), 1);
  const literals = views.flatMap((view) => [
    ...viewLiterals(view.tensor, change.dims),
    { slot: view.tensor.slots.offset, values: [0] },
    { slot: view.tensor.storage.countSlot, values: [count] },
  ]);
  const splices = [{ start: 0, end: length, bytes: inOrderOf(storage, tensor, bytes) }];
  return { storage: { storage, splices, count }, literals };
}

/** Each changed tensor takes the beginning of the range that it had for itself; the rest of that range becomes zero. */
function inPlaceEdit({ part, views, changes }: StorageUse): UseEdit {
  const splices = new Map<number, Splice>();
  const literals: LiteralChange[] = [];
  const first = views[0]?.tensor.storage;
  if (!first) throw new RangeError('nothing changes');
  const storage = part.storage(first.key, storageBytes(first));
  for (const change of changes.values()) {
    const { tensor } = change.found;
    const { start, end } = byteRange(tensor);
    const other = views.find((view) => view !== change.found && !isApart(view, change, changes.get(view)));
    if (other) throw refused('shared-storage', change.found.name, `shares its numbers with ${other.name}. ${UNTIE}`);
    if (change.bytes.length > end - start)
      throw refused('shared-storage', change.found.name, 'would grow into another tensor of the same storage');
    const bytes = new Uint8Array(end - start);
    bytes.set(inOrderOf(storage, tensor, change.bytes));
    splices.set(start, { start, end, bytes });
    literals.push(...viewLiterals(tensor, change.dims));
  }
  const count = first.count;
  return { storage: { storage, splices: [...splices.values()], count }, literals };
}

/** Whether another view lies elsewhere in the storage, or becomes the very same tensor. */
function isApart({ tensor }: FoundTensor, change: NewTensor, itsChange: NewTensor | undefined): boolean {
  const mine = change.found.tensor;
  if (itsChange && sameView(tensor, mine) && sameResult(itsChange, change)) return true;
  const [a, b] = [byteRange(tensor), byteRange(mine)];
  return a.end <= b.start || b.end <= a.start;
}

function byteRange(tensor: RebuiltTensor): { start: number; end: number } {
  const row = rowOf(tensor);
  return { start: rawBytes(row, viewStart(tensor)), end: rawBytes(row, viewEnd(tensor)) };
}

function viewLiterals({ slots }: RebuiltTensor, dims: readonly number[]): LiteralChange[] {
  return [
    { slot: slots.dims, values: dims },
    { slot: slots.strides, values: contiguousStrides(dims) },
  ];
}

function inOrderOf(storage: TorchStorage, tensor: RebuiltTensor, bytes: Uint8Array): Uint8Array {
  return storage.bigEndian ? reversedElements(rowOf(tensor), bytes) : bytes;
}
