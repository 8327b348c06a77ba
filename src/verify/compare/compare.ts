import { typeText } from '../../adapt/inputs/candidates.ts';
import type { FunctionDef, Graph, Model, ValueInfo } from '../../formats/onnx/model.ts';
import type { ComparedModels } from './compareTensors.ts';
import { align } from './align.ts';
import { ByteComparer } from '../sameBytes.ts';
import type { ModelFile } from '../wiring.ts';
import { nodeChanges } from './compareNodes.ts';
import { storedChanges } from './compareStored.ts';
import { textChanges } from './textChanges.ts';
import type { Comparison, TextChange, ValueChange } from './comparison.ts';
import { countOf } from '../../text/numbers.ts';

/** Two models that are to be compared. */
export interface CompareRequest {
  readonly a: ModelFile;
  readonly b: ModelFile;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Compares two models: structure by name, stored data byte by byte, numbers only where bytes differ. Throws what
 * reading throws.
 */
export async function compare({ a, b, onProgress }: CompareRequest): Promise<Comparison> {
  const bytes = new ByteComparer(a, b);
  const models: ComparedModels = { a, b, bytes };
  const [one, two] = [a.model, b.model];
  const alignment = align(one.graph, two.graph);
  const stored = await storedChanges(models, alignment, onProgress);
  const { nodes, tensors: held } = await nodeChanges(models, alignment);
  const tensors = [...stored.tensors, ...held];
  const found = {
    header: [
      ...header(one, two),
      ...orderChanges(one.graph, two.graph),
      ...nodeOrder(alignment.nodes),
      ...(await functionChanges(bytes, one, two)),
    ],
    inputs: valueChanges(one.graph.inputs, two.graph.inputs),
    outputs: valueChanges(one.graph.outputs, two.graph.outputs),
    valueInfo: valueChanges(one.graph.valueInfo, two.graph.valueInfo),
    nodes,
    tensors,
    renamedTensors: stored.renamedTensors,
    metadata: textChanges(entries(one), entries(two)),
  };
  onProgress?.(1);
  const lists = [
    found.header,
    found.inputs,
    found.outputs,
    found.valueInfo,
    nodes.added,
    nodes.removed,
    nodes.changed,
    nodes.renamed,
    tensors,
    stored.renamedTensors,
    found.metadata,
  ];
  const identical = lists.every((list) => list.length === 0);
  return {
    identical,
    sameFile: identical && (await bytes.sameMessage(one.ref, two.ref)),
    ...found,
    alignment: alignment.nodes,
  };
}

function header(a: Model, b: Model): TextChange[] {
  const texts = (model: Model): [string, string][] => [
    ['IR version', String(model.irVersion)],
    ['producer', model.producerName],
    ['producer version', model.producerVersion],
    ['domain', model.domain],
    ['model version', String(model.modelVersion)],
    ['documentation', model.docString],
    ['graph name', model.graph.name],
    ...model.opsets.map((opset): [string, string] => [`opset ${opset.domain || 'ai.onnx'}`, String(opset.version)]),
  ];
  return textChanges(texts(a), texts(b));
}

/** Callers may count inputs and outputs instead of naming them. */
function orderChanges(a: Graph, b: Graph): TextChange[] {
  const order = (list: readonly ValueInfo[], other: readonly ValueInfo[]): string => {
    const both = new Set(other.map((info) => info.name));
    return list
      .filter((info) => both.has(info.name))
      .map((info) => info.name)
      .join(', ');
  };
  return textChanges(
    [
      ['order of inputs', order(a.inputs, b.inputs)],
      ['order of outputs', order(a.outputs, b.outputs)],
    ],
    [
      ['order of inputs', order(b.inputs, a.inputs)],
      ['order of outputs', order(b.outputs, a.outputs)],
    ],
  );
}

/** Nodes that stand in another order: the same model where the order is a legal one, but not the same file. */
function nodeOrder(alignment: readonly number[]): TextChange[] {
  let [last, moved] = [-1, 0];
  for (const at of alignment) {
    if (at < 0) continue;
    if (at < last) moved++;
    else last = at;
  }
  if (moved === 0) return [];
  const stand = moved > 1 ? 'nodes stand' : 'node stands';
  return [{ what: 'order of nodes', a: 'as in the file', b: `${moved} ${stand} earlier` }];
}

function entries(model: Model): [string, string][] {
  return model.metadata.map((entry) => [entry.key, entry.value]);
}

function valueChanges(a: readonly ValueInfo[], b: readonly ValueInfo[]): ValueChange[] {
  const text = (list: readonly ValueInfo[]): [string, string][] => list.map((info) => [info.name, typeText(info)]);
  return textChanges(text(a), text(b)).map(({ what, ...sides }) => ({ name: what, ...sides }));
}

async function functionChanges(bytes: ByteComparer, a: Model, b: Model): Promise<TextChange[]> {
  const byName = (model: Model): Map<string, FunctionDef> =>
    new Map(model.functions.map((definition) => [functionLabel(definition), definition]));
  const size = (definition: FunctionDef | undefined): string | null =>
    definition ? countOf(definition.nodes.length, 'node') : null;
  const [before, now] = [byName(a), byName(b)];
  const found: TextChange[] = [];
  for (const what of new Set([...before.keys(), ...now.keys()])) {
    const [old, own] = [before.get(what), now.get(what)];
    if (old && own && (await bytes.sameMessage(old.ref, own.ref))) continue;
    found.push({ what, a: size(old), b: size(own) });
  }
  return found;
}

function functionLabel({ domain, name, overload }: FunctionDef): string {
  return `function ${domain}:${name}${overload ? `:${overload}` : ''}`;
}
