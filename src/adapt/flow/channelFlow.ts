import { cancelled } from '../../bytes/cancel.ts';
import { dtypeName, isWhole } from '../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Graph, Node } from '../../formats/onnx/model.ts';
import { walkBodies } from './bodies.ts';
import { baseOf, isPlain, type Flow } from './flow.ts';
import type { Operand } from './rewrite.ts';
import { ARITHMETIC } from '../rules/arithmetic.ts';
import { CAST } from '../rules/cast.ts';
import { conv, CONV_KINDS } from '../rules/weights/conv.ts';
import { ELEMENTWISE } from '../rules/elementwise.ts';
import { LAYOUT } from '../rules/layout.ts';
import { MATMUL } from '../rules/weights/matmul.ts';
import { QUANTISATION } from '../rules/quantisation.ts';
import { REDUCE } from '../rules/reduce.ts';
import { ALONG_AXIS } from '../rules/alongAxis.ts';
import { BLOCKS } from '../rules/blocks.ts';
import { EINSUM } from '../rules/weights/einsum.ts';
import { RESHAPE } from '../rules/sizes/reshape.ts';
import { LEGACY } from '../rules/legacy.ts';
import { NORMALISATION } from '../rules/normalisation.ts';
import { RECURRENT } from '../rules/weights/recurrent.ts';
import { SELECT } from '../rules/select.ts';
import { EXPAND } from '../rules/sizes/expand.ts';
import { SHAPE } from '../rules/sizes/shape.ts';
import { SPATIAL } from '../rules/spatial.ts';
import { Step, type Rule } from './step.ts';
import type { Known } from './known.ts';
import { rebuild } from './rebuild.ts';
import { Walk, type WalkOptions } from './walk.ts';
import type { FlowingInput } from './flow.ts';
import { columnCount } from '../maps/affine.ts';

/** Every operator that lets a channel map through or takes it in. All others see their tensors rebuilt. */
const RULES: Readonly<Record<string, Rule>> = {
  ...ELEMENTWISE,
  ...ARITHMETIC,
  ...CAST,
  ...SELECT,
  ...LAYOUT,
  ...SPATIAL,
  ...REDUCE,
  ...QUANTISATION,
  ...MATMUL,
  ...SHAPE,
  ...EXPAND,
  ...BLOCKS,
  ...EINSUM,
  ...ALONG_AXIS,
  ...RESHAPE,
  ...LEGACY,
  ...NORMALISATION,
  ...RECURRENT,
  ...Object.fromEntries(Object.keys(CONV_KINDS).map((op) => [op, conv])),
};

/**
 * In these domains runtimes have operators of their own, which may go before a function of the same name: what such a
 * node does is not certain.
 */
const OPERATOR_DOMAINS = new Set([
  '',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.nchwc',
  'com.microsoft.experimental',
  'ai.onnx.contrib',
]);

const IN_FRONT = 'rebuilding it once, in front, costs less than taking the map in behind';

export interface FlowOptions extends WalkOptions {
  /** Rebuild the images at once, and leave the rest of the model as it is. */
  readonly inFront?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of every call of a local function that the image reaches. */
  readonly onCall?: (node: Node) => void;
}

/**
 * Walks the graph forward from the adapted inputs (README, "What exact means"). Every tensor reached is `map · base`;
 * each node absorbs the map, passes it, takes it into its weights, or gets its inputs rebuilt. Throws `refused` only
 * where a rebuilt tensor has no exact form.
 */
export async function channelFlow(
  graph: Graph,
  known: Known,
  inputs: readonly FlowingInput[],
  options: FlowOptions = {},
): Promise<Walk> {
  const walk = new Walk(graph, known, options);
  for (const { name, axis, rank, dtype, dims, map } of inputs) {
    const base = baseOf(name, columnCount(map.m), null);
    walk.flows.set(name, { base, map, axis, rank, outer: 1, inner: 1, gone: false, dtype, dims });
  }
  return flowThrough(walk, options);
}

/** Carries the flows that a walk begins with through its graph. */
async function flowThrough(walk: Walk, options: FlowOptions): Promise<Walk> {
  const { graph, known } = walk;
  for (const node of known.use.order) {
    if (options.signal?.aborted) throw cancelled('Cancelled; nothing was written.');
    for (const name of await capturedAsBefore(walk, node, options)) {
      const flow = walk.flows.get(name);
      if (flow) rebuiltFor(walk, flow, { tensor: name, node, reason: 'a subgraph reads it' });
    }
    if (!node.inputs.some((name) => walk.flows.has(name))) continue;
    const call = known.isCall(node);
    if (call && !OPERATOR_DOMAINS.has(node.domain)) options.onCall?.(node);
    const reason = options.inFront ? IN_FRONT : await whyRebuilt(new Step(walk, node), call);
    if (reason !== null) rebuildInputs(walk, node, reason);
  }
  for (const output of graph.outputs) {
    const flow = walk.flows.get(output.name);
    if (!flow) continue;
    if (graph.inputs.some((input) => input.name === output.name)) throw inputIsOutput(output.name);
    if (walk.outward.has(output.name) && isPlain(flow)) {
      if (!walk.given.has(output.name)) walk.giveOut(output.name, flow);
      continue;
    }
    rebuiltFor(walk, flow, { tensor: output.name, node: null, reason: 'it is an output of the model' });
  }
  return walk;
}

function inputIsOutput(name: string): ChannelwiseError {
  return new ChannelwiseError(
    'refused',
    'input-is-output',
    `\`${name}\` is both an input and an output of the model, so one name would need two shapes; give the output its ` +
      'own name first.',
    { tensor: name },
  );
}

/** The tensors that the graphs inside a node read and need as they were. */
async function capturedAsBefore(walk: Walk, node: Node, options: FlowOptions): Promise<readonly string[]> {
  if (options.inFront) return walk.known.use.capturedBy.get(node) ?? [];
  return walkBodies(walk, node, (inside) => flowThrough(inside, { signal: options.signal }));
}

function rebuildInputs(walk: Walk, node: Node, reason: string): void {
  const inputs = node.inputs.map((name): Operand => {
    const flow = walk.flows.get(name);
    return flow ? rebuiltFor(walk, flow, { tensor: name, node, reason }) : name;
  });
  walk.rewrites.set(node, { inputs });
}

/** Applies the node's rule; the reason where it needs its tensors as they were. */
async function whyRebuilt(step: Step, call: boolean): Promise<string | null> {
  const { key, node } = step;
  if (call) return `${node.opType} is a function of this model, and what stands in it may need the image as it was`;
  const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
  if (!rule) return `${key} may treat channels in its own way`;
  const outcome = await rule(step);
  return outcome === true ? null : outcome;
}

interface Need {
  readonly tensor: string;
  /** Null is an output of the model. */
  readonly node: Node | null;
  readonly reason: string;
}

/** The tensor as it was. Throws `refused` where it has no exact form. */
function rebuiltFor(walk: Walk, flow: Flow, { tensor, node, reason }: Need): Operand {
  const rebuilt = rebuild(walk, flow, { tensor, node: node ? node.name || node.opType : '', reason });
  if (rebuilt) return rebuilt;
  const reader = node ? `${node.opType} \`${node.name}\`` : 'an output';
  throw new ChannelwiseError(
    'refused',
    'not-exact',
    `\`${tensor}\` can't be rebuilt exactly, because ${whyNot(flow)}; ${reader} needs it: ${reason}.`,
    { tensor, ...(node ? { node: node.name } : {}) },
  );
}

function whyNot(flow: Flow): string {
  if (flow.outer !== 1 || flow.inner !== 1) return 'channels and pixels share an axis there';
  return isWhole(flow.dtype)
    ? `it holds whole numbers (${dtypeName(flow.dtype)}) and the map gives others`
    : 'the operators of this opset have no form for it';
}
