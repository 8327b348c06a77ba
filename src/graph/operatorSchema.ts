import { operatorChanges } from './operatorChanges.ts';
import { operatorKey } from './operatorKey.ts';
import type { Model, Node } from '../formats/onnx/model.ts';
import schemas from './operatorSchemas.json' with { type: 'json' };
import type { FormalAttribute, FormalValue, OperatorSignature } from './operatorSignature.ts';

/** What the ONNX standard says about an operator, in the version that an opset takes. */
export interface OperatorSchema extends OperatorSignature {
  /** The opset of this version, and of the operator's first one. */
  readonly since: number;
  readonly first: number;
  /** What the version before this one had otherwise. */
  readonly changes: readonly string[];
}

type Row = readonly [
  since: number,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly string[],
  /** Element types that names of types take since, or take no more: `T+bfloat16`. */
  types?: readonly string[],
];
const ROWS = new Map(Object.entries(schemas.operators as unknown as Readonly<Record<string, readonly Row[]>>));

const WINDOW = { dilations: '1 along each axis', pads: '0 on every side', strides: '1 along each axis' };
const WEIGHTED = { ...WINDOW, kernel_shape: "the weight's own" };
/** Defaults that the standard gives in words only: https://onnx.ai/onnx/operators/ */
const IN_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Conv: WEIGHTED,
  ConvInteger: WEIGHTED,
  QLinearConv: WEIGHTED,
  DeformConv: WEIGHTED,
  ConvTranspose: { ...WEIGHTED, output_padding: '0 along each axis' },
  MaxPool: WINDOW,
  AveragePool: WINDOW,
  LpPool: WINDOW,
  MaxUnpool: WINDOW,
  Transpose: { perm: 'the axes reversed' },
  Squeeze: { axes: 'all axes of size 1' },
};

/** The schema of a node's operator under the model's opsets; null for an operator the standard doesn't have. */
export function operatorSchema(
  model: Model,
  { domain, opType }: Pick<Node, 'domain' | 'opType'>,
): OperatorSchema | null {
  const rows = ROWS.get(operatorKey({ domain, opType }));
  const version = Math.max(1, ...model.opsets.filter((opset) => opset.domain === domain).map((opset) => opset.version));
  const at = rows?.findLastIndex(([since]) => since <= version) ?? -1;
  const row = rows?.[at];
  if (!rows || !row) return null;
  const words = Object.hasOwn(IN_WORDS, opType) && !domain ? IN_WORDS[opType] : undefined;
  const now = signatureOf(row, words);
  const before = rows[at - 1];
  const [since, , , , types = []] = row;
  return {
    ...now,
    since,
    first: rows[0]?.[0] ?? since,
    changes: before ? operatorChanges(signatureOf(before, words), now, types) : [],
  };
}

type Words = Readonly<Record<string, string>> | undefined;

function signatureOf([, inputs, outputs, attributes]: Row, words: Words): OperatorSignature {
  return {
    inputs: inputs.map(formalValue),
    outputs: outputs.map(formalValue),
    attributes: attributes.map((text) => formalAttribute(text, words)),
  };
}

function formalValue(text: string): FormalValue {
  if (text.endsWith('?')) return { name: text.slice(0, -1), kind: 'optional' };
  if (text.endsWith('*')) return { name: text.slice(0, -1), kind: 'variadic' };
  return { name: text, kind: 'single' };
}

/** `name:type`, with `!` behind it where it must be given, or `=` and its default. */
function formalAttribute(text: string, words: Words): FormalAttribute {
  const [, name = '', type = '', required, given] = /^(\w+):(\w+)(!)?(?:=([\s\S]*))?$/.exec(text) ?? [];
  return {
    name,
    type: type.replace('_', ' '),
    required: required !== undefined,
    fallback: given ?? words?.[name] ?? null,
  };
}
