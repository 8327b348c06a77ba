import type { PackedModel } from '../../protocol/packed.ts';

/** What a model takes, and how large it is. */
export function statusText({ head, count }: PackedModel): string {
  if (!head.hasGraph) return weightsText(head);
  const inputs = head.inputs.map((input) => (input.dims?.length ? input.dims.join('×') : input.name)).join(', ');
  const taken = inputs === '' ? [] : [inputs];
  return [...taken, counted(count, 'node'), counted(head.parameterCount, 'parameter'), ...multiplyAdds(head)].join(
    ' · ',
  );
}

/** Weights alone take no input that the file names. */
function weightsText({ tensors, parameterCount }: PackedModel['head']): string {
  return `${counted(tensors?.length ?? 0, 'tensor')} · ${counted(parameterCount, 'parameter')}`;
}

function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count.toLocaleString('en')} ${one}s`;
}

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** `4.09 G multiply-adds`, where they are known. */
function multiplyAdds({ sizes }: PackedModel['head']): string[] {
  const macs = sizes?.cost.macs ?? 0;
  if (macs === 0) return [];
  const [size, unit] = UNITS.find(([least]) => macs >= least) ?? [1, ''];
  return [size === 1 ? `${macs} multiply-adds` : `${(macs / size).toPrecision(3)} ${unit} multiply-adds`];
}
