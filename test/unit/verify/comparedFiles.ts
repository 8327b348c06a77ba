import { compare } from '../../../src/verify/compare/compare.ts';
import { encodeModel, floatTensor, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { modelFile } from '../../fixtures/modelFile.ts';
import type { Comparison } from '../../../src/verify/compare/comparison.ts';

/** So many numbers between -1 and 1. */
export const weights = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i));

/** A small model with something of every kind that can differ. */
export const base = encodeModel(
  model({
    inputs: [valueInfo('image', [1, 3, 8, 8]), valueInfo('scale', [1])],
    outputs: [valueInfo('y', [1, 4, 8, 8])],
    valueInfo: [valueInfo('c', [1, 4, 8, 8])],
    initializers: [floatTensor('w', [4, 3, 3, 3], weights(108)), floatTensor('b', [4], [1, 2, 3, 4])],
    nodes: [
      node('Conv', ['image', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1] }),
      named(node('Relu', ['c'], ['r']), { name: '' }),
      node('Constant', [], ['k'], { value: { tensor: floatTensor('', [1], [2]) } }),
      named(node('Mul', ['r', 'k'], ['m']), { name: 'times' }),
      node('Mul', ['m', 'scale'], ['y']),
    ],
    metadata: { author: 'somebody' },
  }),
);

/** What stands differently in two files. */
export async function differ(a: Uint8Array, b: Uint8Array): Promise<Comparison> {
  return compare({ a: await modelFile(a), b: await modelFile(b) });
}

/** The names of the lists that hold something. */
export function differingParts(c: Comparison): string[] {
  const { nodes, ...rest } = c;
  const lists = {
    header: rest.header,
    inputs: rest.inputs,
    outputs: rest.outputs,
    valueInfo: rest.valueInfo,
    added: nodes.added,
    removed: nodes.removed,
    changed: nodes.changed,
    renamed: nodes.renamed,
    tensors: rest.tensors,
    renamedTensors: rest.renamedTensors,
    metadata: rest.metadata,
  };
  return Object.entries(lists)
    .filter(([, list]) => list.length)
    .map(([name]) => name);
}
