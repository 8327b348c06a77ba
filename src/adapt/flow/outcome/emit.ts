import {
  append,
  insertAfter,
  insertBefore,
  removeMessage,
  setValueDim,
  type Edit,
} from '../../../formats/onnx/edit/edit.ts';
import { encodeNode, encodeTensorMessage, encodeText, type NewAttribute } from '../../../formats/onnx/edit/encode.ts';
import type { Attribute, Graph, Model, Node, ValueInfo } from '../../../formats/onnx/model.ts';
import { copyNode } from '../../../formats/onnx/edit/nodeCopy.ts';
import { rewriteNode, type NodeChanges } from '../../../formats/onnx/edit/nodeEdit.ts';
import type { TensorContext } from '../../../formats/onnx/tensors/tensorContext.ts';
import { replaceTensor } from '../../../formats/onnx/edit/tensorEdit.ts';
import type { ExpandedModel } from '../inline.ts';
import type { AttributeValue, InsertedNode, NodeRewrite } from '../rewrite.ts';
import type { Settled } from './settle.ts';
import { graphsInside, nestedGraphs } from '../../../graph/nested.ts';
import type { Walk } from '../walk.ts';
import { GRAPH, VALUE_INFO } from '../../../formats/onnx/fields.ts';

/** From IR 4 on, an initializer needs no graph input of the same name. */
const IR_WITH_FREE_INITIALIZERS = 4;

/** An adaptation to be written: the file's model, the model that the walk went through, and what came of it. */
export interface Rewrite {
  readonly ctx: TensorContext;
  readonly model: Model;
  readonly expanded: ExpandedModel;
  readonly walk: Walk;
  readonly settled: Settled;
}

/** One graph of a rewrite, as the file has it: the main graph, or one inside a node. */
interface GraphRewrite extends Pick<Rewrite, 'ctx' | 'expanded' | 'walk' | 'settled'> {
  readonly irVersion: number;
  readonly graph: Graph;
  /** What takes the place of calls that are written out. */
  readonly written: readonly Edit[];
}

/** The edits that turn the original file into the adapted one; everything else stays byte for byte. */
export async function emit(rewrite: Rewrite): Promise<Edit[]> {
  const { irVersion, graph } = rewrite.model;
  const edits: Edit[] = [];
  const open: GraphRewrite[] = [{ ...rewrite, irVersion, graph, written: await writtenOut(rewrite) }];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const edit of await graphEdits(next)) edits.push(edit);
    for (const { body, walk, settled } of next.settled.bodies)
      open.push({ ...next, graph: body, walk, settled, written: [] });
  }
  return [...edits, ...(await renamed(rewrite))];
}

async function graphEdits(rewrite: GraphRewrite): Promise<Edit[]> {
  const { ctx, graph, expanded, settled } = rewrite;
  const { inlined } = expanded;
  const { removedInitializers } = settled;
  const removed = new Set(settled.removedNodes);
  const edits = [...newConstants(rewrite), ...newNodes(rewrite, removed), ...rewrite.written];
  for (const node of settled.removedNodes) if (!inlined.has(node)) edits.push(removeMessage(node.ref));
  for (const [node, change] of settled.rewrites) {
    if (removed.has(node) || inlined.has(node)) continue;
    for (const edit of await rewriteNode(ctx.wire, node, changes(settled, node, change))) edits.push(edit);
  }
  for (const [name, { tensor, dims, values }] of settled.replacements)
    if (!removedInitializers.has(name)) edits.push(await replaceTensor(ctx, tensor, dims, values));
  for (const initializer of graph.initializers)
    if (removedInitializers.has(initializer.name)) edits.push(removeMessage(initializer.ref));
  for (const sparseInitializer of graph.sparseInitializers)
    if (removedInitializers.has(sparseInitializer.values.name)) edits.push(removeMessage(sparseInitializer.ref));
  return [...edits, ...(await values(rewrite))];
}

function attribute(name: string, value: AttributeValue): NewAttribute {
  switch (value.kind) {
    case 'int':
      return { name, int: value.value };
    case 'ints':
      return { name, ints: value.value };
    case 'float':
      return { name, float: value.value };
    case 'floats':
      return { name, floats: value.value };
  }
}

function attributesOf(change: NodeRewrite | undefined): NewAttribute[] {
  return [...(change?.attributes ?? [])].map(([name, value]) => attribute(name, value));
}

function newConstants({ irVersion, graph, settled }: GraphRewrite): Edit[] {
  const { constants, nameOf } = settled;
  const named = constants.map((constant) => ({ ...constant, name: nameOf(constant) }));
  if (irVersion >= IR_WITH_FREE_INITIALIZERS)
    return named.map((c) => append(graph.ref, GRAPH.initializer, encodeTensorMessage(c)));
  return named.map((c) => {
    const body = encodeNode({
      name: '',
      opType: 'Constant',
      inputs: [],
      outputs: [c.name],
      attributes: [{ name: 'value', tensor: { ...c, name: '' } }],
    });
    return atFront(graph, body);
  });
}

function atFront(graph: Graph, body: Uint8Array): Edit {
  const [first] = graph.nodes;
  return first ? insertBefore(first.ref, GRAPH.node, body) : append(graph.ref, GRAPH.node, body);
}

function newNode({ nameOf }: Settled, node: InsertedNode): Uint8Array {
  return encodeNode({
    name: node.name,
    opType: node.opType,
    inputs: node.inputs.map(nameOf),
    outputs: node.outputs.map(nameOf),
    attributes: attributesOf(node),
  });
}

/**
 * In the place of each call that is written out, the function's nodes as the walk left them, and what was inserted
 * among them.
 */
async function writtenOut({ ctx, expanded, settled }: Rewrite): Promise<Edit[]> {
  const { graph, inlined } = expanded;
  const edits: Edit[] = [];
  const removed = new Set(settled.removedNodes);
  for (const call of new Set([...inlined.values()].map((i) => i.call))) edits.push(removeMessage(call.ref));
  for (const node of graph.nodes) {
    const from = inlined.get(node);
    if (!from) continue;
    const change = settled.rewrites.get(node);
    const changed = attributesOf(change).map((newAttribute) => [newAttribute.name, newAttribute] as const);
    const copy = {
      name: node.name,
      inputs: (change?.inputs ?? node.inputs).map(settled.nameOf),
      outputs: (change?.outputs ?? node.outputs).map(settled.nameOf),
      attributes: new Map<string, Attribute | NewAttribute | null>([...from.attributes, ...changed]),
    };
    if (!removed.has(node))
      edits.push(insertBefore(from.call.ref, GRAPH.node, await copyNode(ctx.wire, from.source, copy)));
    for (const insertedNode of settled.inserted)
      if (insertedNode.after === node)
        edits.push(insertBefore(from.call.ref, GRAPH.node, newNode(settled, insertedNode)));
  }
  return edits;
}

/** Nodes that stand among those of the file; what stands behind a written-out node is written with it. */
function newNodes({ graph, expanded, settled }: GraphRewrite, removed: ReadonlySet<Node>): Edit[] {
  const inFile = settled.inserted.filter(
    (insertedNode) => insertedNode.after === null || !expanded.inlined.has(insertedNode.after),
  );
  return inFile.map((node) => {
    const body = newNode(settled, node);
    if (!node.after) return atFront(graph, body);
    // Behind a removed node there is nothing to wait for; its place in the file is still right.
    return removed.has(node.after)
      ? insertBefore(node.after.ref, GRAPH.node, body)
      : insertAfter(node.after.ref, GRAPH.node, body);
  });
}

function changes({ nameOf }: Settled, node: Node, change: NodeRewrite): NodeChanges {
  const attributes = attributesOf(change);
  return {
    inputs: (change.inputs ?? node.inputs).map(nameOf),
    outputs: (change.outputs ?? node.outputs).map(nameOf),
    ...(attributes.length ? { attributes: { set: attributes } } : {}),
  };
}

/** Subgraphs that read an adapted graph input read the rebuilt tensor instead. */
async function renamed({ ctx, expanded, settled }: Rewrite): Promise<Edit[]> {
  const edits: Edit[] = [];
  if (!settled.renamedCaptures.size) return edits;
  const removed = new Set(settled.removedNodes);
  const to = (name: string): string => settled.renamedCaptures.get(name) ?? name;
  const walked = settled.bodies.map((body) => body.body);
  const own = new Set(walked.flatMap((body) => [body, ...graphsInside(body.nodes)]));
  for (const graph of expanded.graph.nodes.filter((node) => !removed.has(node)).flatMap(nestedGraphs)) {
    if (own.has(graph)) continue;
    for (const inner of graph.nodes) {
      if (!inner.inputs.some((input) => to(input) !== input)) continue;
      for (const edit of await rewriteNode(ctx.wire, inner, { inputs: inner.inputs.map(to) })) edits.push(edit);
    }
    for (const output of graph.outputs)
      if (to(output.name) !== output.name) edits.push(...(await renameValue(ctx, output, to(output.name))));
  }
  return edits;
}

async function renameValue(ctx: TensorContext, value: ValueInfo, name: string): Promise<Edit[]> {
  const [field] = await ctx.wire.fields(value.ref, (f) => f.number === VALUE_INFO.name);
  return field
    ? [{ parent: value.ref, start: field.start, end: field.end, bytes: encodeText(VALUE_INFO.name, name) }]
    : [];
}

/**
 * Declared shapes follow: the inputs, tensors that now carry the base, outputs of graphs inside nodes among them,
 * weights listed as inputs; those of vanished tensors go, and of tensors that have one axis more now.
 */
async function values(rewrite: GraphRewrite): Promise<Edit[]> {
  const { ctx, graph, walk, settled } = rewrite;
  const edits: Edit[] = [];
  const inputs = new Set(graph.inputs.map((input) => input.name));
  for (const value of [...graph.inputs, ...graph.valueInfo, ...(walk.around ? graph.outputs : [])]) {
    const flow = walk.flows.get(value.name);
    const wider = flow?.gone && settled.nameOf(flow.base) === value.name && !walk.rebuilt.has(value.name);
    const gone = settled.goneTensors.has(value.name) && !inputs.has(value.name);
    if (settled.removedInitializers.has(value.name) || wider || gone) {
      edits.push(removeMessage(value.ref));
      continue;
    }
    for (const [axis, size] of newSizes(rewrite, value.name, inputs)) {
      const edit = await setValueDim(ctx.wire, value, axis, size);
      if (edit) edits.push(edit);
    }
  }
  return edits;
}

/** The axes of a tensor that have another size now, with that size. */
function newSizes({ walk, settled }: GraphRewrite, name: string, inputs: ReadonlySet<string>): [number, number][] {
  const replaced = settled.replacements.get(name);
  const weight = replaced ? { oldDims: replaced.tensor.dims, newDims: replaced.dims } : walk.dequantised.get(name);
  if (weight)
    return weight.newDims.flatMap((newDim, i): [number, number][] =>
      newDim === weight.oldDims[i] ? [] : [[i, newDim]],
    );
  const flow = walk.flows.get(name);
  if (!flow || flow.gone || (walk.rebuilt.has(name) && !inputs.has(name))) return [];
  const size = flow.base.channels * flow.outer * flow.inner;
  return settled.nameOf(flow.base) === name && flow.dims[flow.axis] !== size ? [[flow.axis, size]] : [];
}
