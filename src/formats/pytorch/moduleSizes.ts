import type { NewTensor } from './changeTensors.ts';
import type { LiteralChange } from './pickle/pickleEdit.ts';
import { integerOf, textOf, type Slot } from './pickle/pickleValue.ts';

/** An attribute of a layer that repeats a size of its weight: the axis, and whether the size counts per group. */
interface SizeAttribute {
  readonly name: string;
  readonly axis: number;
  readonly perGroup?: boolean;
}

const CONVOLUTION: readonly SizeAttribute[] = [
  { name: 'in_channels', axis: 1, perGroup: true },
  { name: 'out_channels', axis: 0 },
];
const TRANSPOSED: readonly SizeAttribute[] = [
  { name: 'in_channels', axis: 0 },
  { name: 'out_channels', axis: 1, perGroup: true },
];
const LINEAR: readonly SizeAttribute[] = [
  { name: 'in_features', axis: 1 },
  { name: 'out_features', axis: 0 },
];

/**
 * Changes of the attributes that torch's layers keep beside their weights, where a whole module was pickled: a
 * convolution's in_channels.
 */
export function moduleChanges(changes: readonly NewTensor[]): LiteralChange[] {
  return changes.flatMap((change) => {
    const { module, name } = change.found;
    if (!module || !/(^|\.)weight$/.test(name)) return [];
    const attributes = new Map(module.map(([key, slot]) => [textOf(key.value), slot]));
    return sizeAttributes(attributes).flatMap((row) => attributeChange(attributes, row, change));
  });
}

type Attributes = ReadonlyMap<string | null, Slot>;

function sizeAttributes(attributes: Attributes): readonly SizeAttribute[] {
  const transposed = attributes.get('transposed')?.value;
  const convolution = transposed?.kind === 'bool' && transposed.value ? TRANSPOSED : CONVOLUTION;
  return [...convolution, ...LINEAR];
}

function attributeChange(attributes: Attributes, row: SizeAttribute, { found, dims }: NewTensor): LiteralChange[] {
  const slot = attributes.get(row.name);
  const groups = row.perGroup ? (integerOf(attributes.get('groups')?.value) ?? 1) : 1;
  const [before, after] = [found.tensor.dims[row.axis], dims[row.axis]];
  if (!slot || before === undefined || after === undefined) return [];
  return integerOf(slot.value) === before * groups ? [{ slot, values: [after * groups] }] : [];
}
