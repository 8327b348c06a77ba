import {
  append,
  GRAPH_INITIALIZER,
  GRAPH_NODE,
  insertAfter,
  insertBefore,
  removeMessage,
  setValueDim,
  type Edit,
} from '../../formats/onnx/edit/edit.ts';
import { encodeNode, encodeTensorMessage, encodeText, type NewAttribute } from '../../formats/onnx/edit/encode.ts';
import type { Attribute, Model, Node, ValueInfo } from '../../formats/onnx/model.ts';
import { copyNode } from '../../formats/onnx/edit/nodeCopy.ts';
import { rewriteNode } from '../../formats/onnx/edit/nodeEdit.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorData.ts';
import { replaceTensor } from '../../formats/onnx/edit/tensorEdit.ts';
import type { ExpandedModel } from './inline.ts';
import { nameOf, type AttributeValue, type InsertedNode, type NewConstant, type NodeRewrite } from './rewrite.ts';
import type { Settled } from './settle.ts';
import { nestedGraphs } from '../../graph/nested.ts';
import type { Walk } from './walk.ts';

/** From IR 4 on, an initializer needs no graph input of the same name. */
const IR_WITH_FREE_INITIALIZERS = 4;

/** The edits that turn the original file into the adapted one; everything else stays byte for byte. */
export async function emit(
  ctx: TensorContext,
  model: Model,
  expanded: ExpandedModel,
  walk: Walk,
  settled: Settled,
): Promise<Edit[]> {
  const { inlined } = expanded;
  const removed = new Set(settled.removedNodes);
  const behindInlined = (n: InsertedNode): boolean => n.after !== null && inlined.has(n.after);
  const edits = [
    ...newConstants(model, settled.constants),
    ...newNodes(
      model,
      settled.inserted.filter((n) => !behindInlined(n)),
      removed,
    ),
    ...(await writtenOut(ctx, expanded, settled)),
  ];
  for (const node of settled.removedNodes) if (!inlined.has(node)) edits.push(removeMessage(node.ref));
  for (const [node, rewrite] of settled.rewrites)
    if (!removed.has(node) && !inlined.has(node))
      for (const edit of await changedNode(ctx, node, rewrite)) edits.push(edit);
  for (const [name, { tensor, dims, values }] of walk.replacements)
    if (!settled.removedInitializers.has(name)) edits.push(await replaceTensor(ctx, tensor, dims, values));
  for (const t of model.graph.initializers)
    if (settled.removedInitializers.has(t.name)) edits.push(removeMessage(t.ref));
  for (const s of model.graph.sparseInitializers)
    if (settled.removedInitializers.has(s.values.name)) edits.push(removeMessage(s.ref));
  return [...edits, ...(await renamed(ctx, expanded, settled)), ...(await values(ctx, model, walk, settled))];
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

function newConstants(model: Model, constants: readonly NewConstant[]): Edit[] {
  const { graph } = model;
  if (model.irVersion >= IR_WITH_FREE_INITIALIZERS)
    return constants.map((c) => append(graph.ref, GRAPH_INITIALIZER, encodeTensorMessage(c)));
  return constants.map((c) => {
    const body = encodeNode({
      name: '',
      opType: 'Constant',
      inputs: [],
      outputs: [c.name],
      attributes: [{ name: 'value', tensor: { ...c, name: '' } }],
    });
    return atFront(model, body);
  });
}

function atFront(model: Model, body: Uint8Array): Edit {
  const first = model.graph.nodes[0];
  return first ? insertBefore(first.ref, GRAPH_NODE, body) : append(model.graph.ref, GRAPH_NODE, body);
}

function newNode(node: InsertedNode): Uint8Array {
  const attributes = [...node.attributes].map(([name, value]) => attribute(name, value));
  return encodeNode({
    name: node.name,
    opType: node.opType,
    inputs: node.inputs.map(nameOf),
    outputs: node.outputs.map(nameOf),
    attributes,
  });
}

/** In the place of each call that is written out, the function's nodes as the walk left them, and what was inserted among them. */
async function writtenOut(ctx: TensorContext, { graph, inlined }: ExpandedModel, settled: Settled): Promise<Edit[]> {
  const edits: Edit[] = [];
  const removed = new Set(settled.removedNodes);
  for (const call of new Set([...inlined.values()].map((i) => i.call))) edits.push(removeMessage(call.ref));
  for (const node of graph.nodes) {
    const from = inlined.get(node);
    if (!from) continue;
    const rewrite = settled.rewrites.get(node) ?? {};
    const changed = [...(rewrite.attributes ?? new Map<string, AttributeValue>())].map(
      ([name, value]) => [name, attribute(name, value)] as const,
    );
    const copy = {
      name: node.name,
      inputs: (rewrite.inputs ?? node.inputs).map(nameOf),
      outputs: (rewrite.outputs ?? node.outputs).map(nameOf),
      attributes: new Map<string, Attribute | NewAttribute | null>([...from.attributes, ...changed]),
    };
    if (!removed.has(node))
      edits.push(insertBefore(from.call.ref, GRAPH_NODE, await copyNode(ctx.wire, from.source, copy)));
    for (const n of settled.inserted)
      if (n.after === node) edits.push(insertBefore(from.call.ref, GRAPH_NODE, newNode(n)));
  }
  return edits;
}

function newNodes(model: Model, inserted: readonly InsertedNode[], removed: ReadonlySet<Node>): Edit[] {
  return inserted.map((node) => {
    const body = newNode(node);
    if (!node.after) return atFront(model, body);
    // Behind a removed node there is nothing to wait for; its place in the file is still right.
    return removed.has(node.after)
      ? insertBefore(node.after.ref, GRAPH_NODE, body)
      : insertAfter(node.after.ref, GRAPH_NODE, body);
  });
}

async function changedNode(ctx: TensorContext, node: Node, rewrite: NodeRewrite): Promise<Edit[]> {
  const inputs = (rewrite.inputs ?? node.inputs).map(nameOf);
  const outputs = (rewrite.outputs ?? node.outputs).map(nameOf);
  const attributes = [...(rewrite.attributes ?? new Map<string, AttributeValue>())].map(([name, value]) =>
    attribute(name, value),
  );
  return rewriteNode(ctx.wire, node, {
    inputs,
    outputs,
    ...(attributes.length ? { attributes: { set: attributes } } : {}),
  });
}

/** Subgraphs that read an adapted graph input read the rebuilt tensor instead. */
async function renamed(ctx: TensorContext, model: Model, settled: Settled): Promise<Edit[]> {
  const edits: Edit[] = [];
  if (!settled.renamedCaptures.size) return edits;
  const removed = new Set(settled.removedNodes);
  const to = (name: string): string => settled.renamedCaptures.get(name) ?? name;
  for (const node of model.graph.nodes) {
    if (removed.has(node)) continue;
    for (const graph of nestedGraphs(node)) {
      for (const inner of graph.nodes)
        if (inner.inputs.some((n) => to(n) !== n))
          for (const edit of await rewriteNode(ctx.wire, inner, { inputs: inner.inputs.map(to) })) edits.push(edit);
      for (const output of graph.outputs)
        if (to(output.name) !== output.name) edits.push(...(await renameValue(ctx, output, to(output.name))));
    }
  }
  return edits;
}

async function renameValue(ctx: TensorContext, value: ValueInfo, name: string): Promise<Edit[]> {
  const field = (await ctx.wire.fields(value.ref)).find((f) => f.number === 1);
  return field ? [{ parent: value.ref, start: field.start, end: field.end, bytes: encodeText(1, name) }] : [];
}

/** Declared shapes follow: the inputs, tensors that now carry the base, weights listed as inputs; those of vanished tensors go, and of tensors that have one axis more now. */
async function values(ctx: TensorContext, model: Model, walk: Walk, settled: Settled): Promise<Edit[]> {
  const edits: Edit[] = [];
  const { graph } = model;
  const inputs = new Set(graph.inputs.map((i) => i.name));
  for (const value of [...graph.inputs, ...graph.valueInfo]) {
    const flow = walk.flows.get(value.name);
    const wider = flow?.gone && flow.base.name === value.name && !walk.rebuilds.has(value.name);
    if (
      settled.removedInitializers.has(value.name) ||
      wider ||
      (settled.goneTensors.has(value.name) && !inputs.has(value.name))
    ) {
      edits.push(removeMessage(value.ref));
      continue;
    }
    for (const [axis, size] of newSizes(walk, value.name, inputs)) {
      const edit = await setValueDim(ctx.wire, value, axis, size);
      if (edit) edits.push(edit);
    }
  }
  return edits;
}

function newSizes(walk: Walk, name: string, inputs: ReadonlySet<string>): [number, number][] {
  const replaced = walk.replacements.get(name);
  const dequantised = walk.dequantised.get(name);
  const [oldDims, newDims] = replaced
    ? [replaced.tensor.dims, replaced.dims]
    : dequantised
      ? [dequantised.oldDims, dequantised.newDims]
      : [null, null];
  if (newDims) return newDims.flatMap((d, i): [number, number][] => (d === oldDims[i] ? [] : [[i, d]]));
  const flow = walk.flows.get(name);
  if (!flow || flow.gone || (walk.rebuilds.has(name) && !inputs.has(name))) return [];
  const size = flow.base.channels * flow.outer * flow.inner;
  return flow.base.name === name && flow.dims[flow.axis] !== size ? [[flow.axis, size]] : [];
}
