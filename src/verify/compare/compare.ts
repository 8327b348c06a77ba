import { attributeText, samePlainValue } from '../../graph/attributeText.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { typeText } from '../../adapt/inputs/candidates.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Attribute, Graph, Model, Node, SparseTensor, Tensor, ValueInfo } from '../../formats/onnx/model.ts';
import { compareTensors, type ComparedModels, side, type TensorChange } from './compareTensors.ts';
import { align, type Alignment } from './align.ts';
import { ByteComparer } from '../sameBytes.ts';
import type { ModelFile } from '../wiring.ts';

export interface TextChange {
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** An input, output or declared shape. `a` and `b` are its types; null where it is missing. */
export interface ValueChange {
  readonly name: string;
  readonly a: string | null;
  readonly b: string | null;
}

export interface NodeRef {
  /** Position in its graph. */
  readonly index: number;
  readonly name: string;
  readonly opType: string;
  readonly outputs: readonly string[];
}

export interface NodePair {
  readonly a: NodeRef;
  readonly b: NodeRef;
}

export interface NodeChange extends NodePair {
  readonly changes: readonly TextChange[];
}

/** All that differs between two models, as plain data. */
export interface Comparison {
  /** Nothing below holds anything. */
  readonly identical: boolean;
  /**
   * The files are the same byte for byte. Where only this is false, they differ in the order or encoding of fields, or
   * in fields that this version doesn't know.
   */
  readonly sameFile: boolean;
  /** Producer, versions, operator sets, functions. */
  readonly header: readonly TextChange[];
  readonly inputs: readonly ValueChange[];
  readonly outputs: readonly ValueChange[];
  /** Declared shapes inside the graph. */
  readonly valueInfo: readonly ValueChange[];
  readonly nodes: {
    readonly added: readonly NodeRef[];
    readonly removed: readonly NodeRef[];
    readonly changed: readonly NodeChange[];
    readonly renamed: readonly NodePair[];
    readonly same: number;
  };
  readonly tensors: readonly TensorChange[];
  /** Stored tensors with the same values under another name, by their name in the second model. */
  readonly renamedTensors: readonly { readonly a: string; readonly b: string }[];
  readonly metadata: readonly TextChange[];
  /** For each node of the second model the position of its counterpart in the first, or −1. */
  readonly alignment: readonly number[];
}

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
  const { tensors, renamedTensors } = await storedChanges(models, alignment, onProgress);
  const nodes = await nodeChanges(models, alignment, tensors);
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
    renamedTensors,
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
    renamedTensors,
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
  return moved
    ? [{ what: 'order of nodes', a: 'as in the file', b: `${moved} node${moved > 1 ? 's stand' : ' stands'} earlier` }]
    : [];
}

function entries(model: Model): [string, string][] {
  return model.metadata.map((entry) => [entry.key, entry.value]);
}

function textChanges(
  a: readonly (readonly [string, string])[],
  b: readonly (readonly [string, string])[],
): TextChange[] {
  const [x, y] = [new Map(a), new Map(b)];
  return [...new Set([...x.keys(), ...y.keys()])].flatMap((what) =>
    x.get(what) === y.get(what) ? [] : [{ what, a: x.get(what) ?? null, b: y.get(what) ?? null }],
  );
}

function valueChanges(a: readonly ValueInfo[], b: readonly ValueInfo[]): ValueChange[] {
  const text = (list: readonly ValueInfo[]): [string, string][] => list.map((info) => [info.name, typeText(info)]);
  return textChanges(text(a), text(b)).map(({ what, ...sides }) => ({ name: what, ...sides }));
}

async function functionChanges(bytes: ByteComparer, a: Model, b: Model): Promise<TextChange[]> {
  const byName = (model: Model): Map<string, Model['functions'][number]> =>
    new Map(
      model.functions.map((definition) => [
        `function ${definition.domain}:${definition.name}${definition.overload ? `:${definition.overload}` : ''}`,
        definition,
      ]),
    );
  const [x, y] = [byName(a), byName(b)];
  const found: TextChange[] = [];
  for (const what of new Set([...x.keys(), ...y.keys()])) {
    const [definition, g] = [x.get(what), y.get(what)];
    if (definition && g && (await bytes.sameMessage(definition.ref, g.ref))) continue;
    found.push({
      what,
      a: definition ? `${definition.nodes.length} nodes` : null,
      b: g ? `${g.nodes.length} nodes` : null,
    });
  }
  return found;
}

type Held = { readonly tensor: Tensor; readonly sparse: SparseTensor | null };

async function storedChanges(
  models: ComparedModels,
  { renamed }: Alignment,
  onProgress: CompareRequest['onProgress'],
): Promise<{ tensors: TensorChange[]; renamedTensors: { a: string; b: string }[] }> {
  const held = (graph: Graph): Map<string, Held> =>
    new Map([
      ...graph.initializers.map((tensor): [string, Held] => [tensor.name, { tensor, sparse: null }]),
      ...graph.sparseInitializers.map((sparse): [string, Held] => [
        sparse.values.name,
        { tensor: { ...sparse.values, dims: sparse.dims }, sparse },
      ]),
    ]);
  const [x, y] = [held(models.a.model.graph), held(models.b.model.graph)];
  const tensors: TensorChange[] = [];
  const renamedTensors: { a: string; b: string }[] = [];
  const met = new Set<string>();
  let done = 0;
  for (const [name, u] of y) {
    const was = renamed.get(name) ?? name;
    const t = x.get(was);
    met.add(was);
    const change = t ? await heldChange(models, name, t, u) : oneSided(name, null, u.tensor);
    if (change) tensors.push(was === name || !t ? change : { ...change, was });
    else if (was !== name) renamedTensors.push({ a: was, b: name });
    onProgress?.((0.95 * ++done) / y.size);
  }
  const removed = [...x].flatMap(([name, t]) => (met.has(name) ? [] : [oneSided(name, t.tensor, null)]));
  return { tensors: [...removed, ...tensors], renamedTensors };
}

async function heldChange(models: ComparedModels, name: string, held: Held, u: Held): Promise<TensorChange | null> {
  if (!held.sparse && !u.sparse) return compareTensors(models, name, held.tensor, u.tensor);
  if (held.sparse && u.sparse && (await models.bytes.sameMessage(held.sparse.ref, u.sparse.ref))) return null;
  const note = 'A sparse tensor is compared by its bytes only.';
  return { ...oneSided(name, held.tensor, u.tensor), change: held.sparse && u.sparse ? 'values' : 'storage', note };
}

function oneSided(name: string, a: Tensor | null, b: Tensor | null): TensorChange {
  return {
    name,
    was: null,
    change: b ? 'added' : 'removed',
    a: a && side(a),
    b: b && side(b),
    values: null,
    sumOverAxis: null,
    note: null,
  };
}

/** Compares paired nodes; tensors inside Constant nodes and other attributes join `tensors`. */
async function nodeChanges(
  models: ComparedModels,
  { nodes, renamed: names }: Alignment,
  tensors: TensorChange[],
): Promise<Comparison['nodes']> {
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
  return { added, removed, changed, renamed, same };
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
