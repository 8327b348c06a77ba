import { DTYPES, rawBytes } from '../../../tensors/dtypes.ts';
import { integerOf, itemsOf, textOf, type PickleValue, type Slot } from '../pickle/pickleValue.ts';
import { storageDtype } from '../torchTypes.ts';

/** A storage as a pickle names it: torch's persistent id ('storage', class, key, device, count[, view]). */
export interface StorageName {
  readonly key: string;
  /** 'untyped': `count` counts bytes. */
  readonly dtype: number | 'untyped';
  readonly count: number;
  readonly countSlot: Slot;
  /** Elements in front of the view in its storage: storages could be views of others in the oldest files. */
  readonly viewOffset: number;
}

/**
 * The storage that a persistent value names; null where it is of a kind that isn't known. Throws a RangeError for
 * numbers that make no sense.
 */
export function storageName(value: PickleValue): StorageName | null {
  if (value.kind !== 'persistent') return null;
  const [kind, type, key, , countSlot, view] = itemsOf(value.id.value) ?? [];
  const dtype = type?.value.kind === 'global' ? storageDtype(type.value.module, type.value.name) : null;
  const name = textOf(key?.value);
  const count = integerOf(countSlot?.value);
  if (textOf(kind?.value) !== 'storage' || dtype === null || name === null || !countSlot || count === null) return null;
  if (count < 0) throw new RangeError('its storage has a negative size');
  const viewOffset = view?.value.kind === 'tuple' ? integerOf(view.value.items[1]?.value) : 0;
  if (viewOffset === null || viewOffset < 0) throw new RangeError('its storage is a view that is not understood');
  return { key: name, dtype, count, countSlot, viewOffset };
}

/** Bytes of a whole storage. */
export function storageBytes({ dtype, count }: Pick<StorageName, 'dtype' | 'count'>): number {
  const row = dtype === 'untyped' ? undefined : DTYPES[dtype];
  return row ? rawBytes(row, count) : count;
}
