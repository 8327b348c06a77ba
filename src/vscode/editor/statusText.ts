import type { PackedModel } from '../../protocol/packed.ts';
import { countOf, shortCount } from '../../text/numbers.ts';

/** What a model takes, and how large it is. */
export function statusText({ head, count }: PackedModel): string {
  if (!head.hasGraph) return weightsText(head);
  const inputs = head.inputs.map((input) => (input.dims?.length ? input.dims.join('×') : input.name)).join(', ');
  const taken = inputs === '' ? [] : [inputs];
  const sizes = [countOf(count, 'node'), countOf(head.parameterCount, 'parameter'), ...multiplyAdds(head)];
  return [...taken, ...sizes].join(' · ');
}

/** Weights alone take no input that the file names. */
function weightsText({ tensors, parameterCount }: PackedModel['head']): string {
  return `${countOf(tensors?.length ?? 0, 'tensor')} · ${countOf(parameterCount, 'parameter')}`;
}

/** `4.09 G multiply-adds`, where they are known. */
function multiplyAdds({ sizes }: PackedModel['head']): string[] {
  const macs = sizes?.cost.macs ?? 0;
  return macs === 0 ? [] : [`${shortCount(macs)} multiply-adds`];
}
