import { attributeText, samePlainValue } from '../../graph/attributeText.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Attribute, Node } from '../../formats/onnx/model.ts';
import type { Alignment } from './align.ts';
import { compareTensors, type ComparedModels, type TensorChange } from './compareTensors.ts';
import type { Comparison, NodeChange, NodePair, NodeRef, TextChange } from './comparison.ts';
import { textChanges } from './textChanges.ts';

/** What differs between the nodes of two graphs, and between the tensors that they hold. */
export interface NodeChanges {
  readonly nodes: Comparison['nodes'];
  readonly tensors: readonly TensorChange[];
}

/** Compares paired nodes, and the tensors inside Constant nodes and other attributes. */
export async function nodeChanges(models: ComparedModels, { nodes, renamed: names }: Alignment): Promise<NodeChanges> {
  const tensors: TensorChange[] = [];
  const [one, two] = [models.a.model.graph.nodes, models.b.model.graph.nodes];
  const changed: NodeChange[] = [];
  const renamed: NodePair[] = [];
  const added: NodeRef[] = [];
  let same = 0;
  for (const [i, node] of two.entries()) {
    const at = nodes[i] ?? -1;
    const other = one[at];
    if (!other) {
      added.push(nodeRef(node, i));
      continue;
    }
    // The same bytes mean something else where the names in them stand for other tensors now.
    const moved = [...node.inputs, ...node.outputs].some((name) => names.has(name));
    if (!moved && (await models.bytes.sameNode(other, node))) {
      same++;
      continue;
    }
    const pair = { a: nodeRef(other, at), b: nodeRef(node, i) };
    const { changes, stored: own } = await nodeDifferences(models, other, node, names);
    for (const change of own) tensors.push(change);
    if (changes.length) {
      if (!isOwnTensorAlone(node, changes)) changed.push({ ...pair, changes });
    } else if (other.name !== node.name || node.outputs.some((name) => names.has(name))) renamed.push(pair);
    else same++;
  }
  const used = new Uint8Array(one.length);
  for (const at of nodes) if (at >= 0) used[at] = 1;
  const removed = one.flatMap((node, i) => (used[i] ? [] : [nodeRef(node, i)]));
  return { nodes: { added, removed, changed, renamed, same }, tensors };
}

/** A Constant's tensor is listed with the tensors. */
function isOwnTensorAlone(node: Node, changes: readonly TextChange[]): boolean {
  return isConstant(node) && changes.every(({ what, a, b }) => what === 'attribute value' && a !== null && b !== null);
}

function nodeRef(node: Node, index: number): NodeRef {
  return { index, name: node.name, opType: node.opType, outputs: node.outputs };
}

/**
 * What two paired nodes differ in, names aside, empty where only names are others; and the tensors of their attributes
 * that differ.
 */
async function nodeDifferences(
  models: ComparedModels,
  a: Node,
  b: Node,
  names: ReadonlyMap<string, string>,
): Promise<{ changes: TextChange[]; stored: TensorChange[] }> {
  const stored: TensorChange[] = [];
  const found = textChanges([['operator', operatorKey(a)]], [['operator', operatorKey(b)]]);
  for (const what of ['inputs', 'outputs'] as const) {
    const before = a[what];
    const after = b[what];
    if (after.length !== before.length || after.some((name, i) => (names.get(name) ?? name) !== before[i]))
      found.push({ what, a: before.join(', '), b: after.join(', ') });
  }
  for (const [name, [own, other]] of attributePairs(a, b)) {
    if (own && other && (await sameAttribute(models, own, other))) continue;
    if (own?.tensor && other?.tensor) {
      const label = `${b.outputs[0] || b.name} (${b.opType} ${name})`;
      const change = await compareTensors(models, label, own.tensor, other.tensor);
      if (change) stored.push(change);
    }
    found.push({
      what: `attribute ${name}`,
      a: own ? attributeText(own) : null,
      b: other ? attributeText(other) : null,
    });
  }
  const onlyNames = a.name !== b.name || [...b.inputs, ...b.outputs].some((name) => names.has(name));
  const elsewhere = [{ what: 'documentation or other fields', a: null, b: null }];
  return { changes: found.length || onlyNames ? found : elsewhere, stored };
}

/** Both nodes' attributes by name, those of the first node in front; of several of one name the last. */
function attributePairs(a: Node, b: Node): Map<string, [Attribute | undefined, Attribute | undefined]> {
  const pairs = new Map<string, [Attribute | undefined, Attribute | undefined]>();
  for (const attribute of a.attributes) pairs.set(attribute.name, [attribute, undefined]);
  for (const attribute of b.attributes) pairs.set(attribute.name, [pairs.get(attribute.name)?.[0], attribute]);
  return pairs;
}

async function sameAttribute(models: ComparedModels, a: Attribute, b: Attribute): Promise<boolean> {
  const { bytes } = models;
  if (await bytes.sameMessage(a.ref, b.ref))
    return a.tensor?.storage.kind !== 'external' || (await bytes.sameTensor(a.tensor, b.tensor));
  if (a.tensor && b.tensor) return (await compareTensors(models, '', a.tensor, b.tensor)) === null;
  return samePlainValue(a, b);
}
