import { FLOAT, dtypeName } from '../tensors/dtypes.ts';
import type { Attribute } from '../formats/onnx/model.ts';
import { countOf } from '../text/numbers.ts';
import { numberText } from '../tensors/elementText.ts';

/** More entries of a list, and longer texts, than anyone reads. */
const MAX_SHOWN = 64;
const MAX_TEXT_BYTES = 1024;

/** An attribute's value as a person reads it, long lists and texts cut; '' where it holds none. */
export function attributeText(attribute: Attribute): string {
  const { refAttrName, tensor, tensors, sparseTensor, graph, graphs } = attribute;
  if (refAttrName) return `@${refAttrName}`;
  if (tensor) return `${dtypeName(tensor.dtype)} [${tensor.dims.join(', ')}]`;
  if (sparseTensor) return `sparse ${dtypeName(sparseTensor.values.dtype)} [${sparseTensor.dims.join(', ')}]`;
  if (graph) return `graph ${graph.name} with ${countOf(graph.nodes.length, 'node')}`;
  if (graphs) return countOf(graphs.length, 'graph');
  if (tensors) return countOf(tensors.length, 'tensor');
  return plainText(attribute);
}

function plainText({ int, ints, float, floats, string, strings }: Attribute): string {
  if (ints?.length) return listText(ints, String);
  if (floats?.length) return listText(floats, floatText);
  if (strings?.length) return listText(strings, decoded);
  if (string) return decoded(string);
  if (float !== undefined) return floatText(float);
  return int === undefined ? '' : String(int);
}

/** With the fewest digits that read back as the same float32: 0.00001, not 0.000009999999747378752. */
function floatText(value: number): string {
  return numberText(FLOAT, Math.fround(value));
}

function listText<T>(list: readonly T[], text: (entry: T) => string): string {
  const left = list.length - MAX_SHOWN;
  return `[${list.slice(0, MAX_SHOWN).map(text).join(', ')}${left > 0 ? `, … ${left} more` : ''}]`;
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MAX_TEXT_BYTES));
}

/**
 * True where two attributes hold the same numbers and texts. Those that hold tensors or graphs are never called the
 * same here.
 */
export function samePlainValue(a: Attribute, b: Attribute): boolean {
  if ([a, b].some((one) => one.tensor ?? one.tensors ?? one.sparseTensor ?? one.graph ?? one.graphs)) return false;
  return (
    a.refAttrName === b.refAttrName &&
    a.int === b.int &&
    Object.is(a.float, b.float) &&
    sameList(a.ints, b.ints) &&
    sameList(a.floats, b.floats) &&
    sameList(a.string, b.string) &&
    a.strings?.length === b.strings?.length &&
    (a.strings ?? []).every((bytes, i) => sameList(bytes, b.strings?.[i]))
  );
}

function sameList(a: ArrayLike<number | bigint> | undefined, b: ArrayLike<number | bigint> | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
