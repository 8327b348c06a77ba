import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { attributeText } from '../../graph/attributeText.ts';
import type { NodeCost } from '../../graph/cost/cost.ts';
import { nodeScope } from '../../graph/exporterScopes.ts';
import type { DimText, PageNode, PageWeight } from '../../protocol/pageModel.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { nodeLook } from './nodeDetail.ts';
import type { FormalName } from './nodeFacts.ts';

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
  const attributes = node.attributes.map((attribute) => ({
    name: attribute.name,
    type: ATTRIBUTE_TYPES[attribute.type] ?? 'unknown',
    value: attributeText(attribute),
  }));
  const inputs = node.inputs.map((name) => pageInput(name, lookup));
  const look = nodeLook({ opType: node.opType, attributes, inputs }, { formal: lookup.formal(node) });
  if (isConstant(node) || handsOnWeight(node, lookup)) look.kind = 'constant';
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

/** What an Identity hands on of a stored tensor is shown where it is read, as a Constant is. */
function handsOnWeight({ opType, outputs: [output] }: Node, lookup: Lookup): boolean {
  return opType === 'Identity' && output !== undefined && lookup.weight(output) !== undefined;
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
