import type { NodeCost } from '../graph/cost/cost.ts';
import { nodeScope } from '../graph/scopes.ts';
import type { Attribute, Node } from '../formats/onnx/model.ts';
import { dtypeName } from '../tensors/dtypes.ts';
import type { DimText, PageNode, PageWeight } from '../protocol/messages.ts';
import { nodeLook, type FormalName } from './nodeDetail.ts';

/** Attribute values are for reading; longer ones are cut with the count of what is left. */
const MAX_SHOWN = 64;
const ATTRIBUTE_TYPES: Readonly<Record<number, string>> = {
  1: 'float',
  2: 'int',
  3: 'string',
  4: 'tensor',
  5: 'graph',
  6: 'floats',
  7: 'ints',
  8: 'strings',
  9: 'tensors',
  10: 'graphs',
  11: 'sparse tensor',
};

/** What a name stands for where a node reads or makes it. */
export interface Lookup {
  weight(name: string): PageWeight | undefined;
  dims(name: string): DimText[] | undefined;
  /** The value of a small constant, as text. */
  value(name: string): string | undefined;
  /** TensorProto.DataType of what a node makes. */
  dtype?(name: string): number | null;
  /** The standard's names of an operator's inputs. */
  formal(node: Node): FormalName;
}

/** A node as the page shows it. `id` is its number among all nodes. */
export function pageNode(node: Node, id: number, lookup: Lookup, cost: NodeCost): PageNode {
  const scope = nodeScope(node);
  const attributes = node.attributes.map((a) => ({
    name: a.name,
    type: ATTRIBUTE_TYPES[a.type] ?? 'unknown',
    value: attributeText(a),
  }));
  const inputs = node.inputs.map((name) => pageInput(name, lookup));
  const look = nodeLook({ opType: node.opType, attributes, inputs }, lookup.formal(node));
  return {
    id,
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    ...look,
    attributes,
    inputs,
    outputs: node.outputs.map((name) => pageOutput(name, lookup)),
    ...(scope ? { scope } : {}),
    cost,
  };
}

function pageInput(name: string, lookup: Lookup): PageNode['inputs'][number] {
  const stored = lookup.weight(name);
  const value = lookup.value(name);
  return {
    name,
    weight: stored ?? null,
    dims: stored?.dims.map(String) ?? lookup.dims(name) ?? null,
    ...(value === undefined ? {} : { value }),
  };
}

function pageOutput(name: string, lookup: Lookup): PageNode['outputs'][number] {
  const type = lookup.dtype?.(name) ?? null;
  return {
    name,
    dims: lookup.dims(name) ?? lookup.weight(name)?.dims.map(String) ?? null,
    ...(type === null ? {} : { dtype: dtypeName(type) }),
  };
}

function attributeText(a: Attribute): string {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024));
  if (a.refAttrName) return `@${a.refAttrName}`;
  if (a.tensor) return `${dtypeName(a.tensor.dtype)} [${a.tensor.dims.join(', ')}]`;
  if (a.graph) return `graph ${a.graph.name} with ${a.graph.nodes.length} nodes`;
  if (a.graphs) return `${a.graphs.length} graphs`;
  if (a.ints?.length) return list(a.ints.slice(0, MAX_SHOWN).map(String), a.ints.length);
  if (a.floats?.length) return list(a.floats.slice(0, MAX_SHOWN).map(String), a.floats.length);
  if (a.strings?.length) return list(a.strings.slice(0, MAX_SHOWN).map(text), a.strings.length);
  if (a.string) return text(a.string);
  if (a.float !== undefined) return String(Math.fround(a.float));
  return a.int !== undefined ? String(a.int) : '';
}

function list(shown: readonly string[], total: number): string {
  return `[${shown.join(', ')}${total > shown.length ? `, … ${total - shown.length} more` : ''}]`;
}
