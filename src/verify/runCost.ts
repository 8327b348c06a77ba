import { MemorySource } from '../bytes/byteSource.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { DTYPES } from '../tensors/dtypes.ts';
import { attributeOf, constantTensor, intsOf, isConstant } from '../formats/onnx/attributes.ts';
import type { Graph, Model, Node, Tensor, ValueInfo } from '../formats/onnx/model.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import { WireReader } from '../formats/onnx/scan/wire.ts';
import { modelCosts } from '../graph/cost/cost.ts';
import { allGraphs, allNodeLists } from '../graph/nested.ts';
import type { ScopeShapes } from '../graph/shapes/graphScope.ts';
import { inferShapes } from '../graph/shapes/shapes.ts';
import { steeringConstants, type SteeringConstants } from '../graph/shapes/steering.ts';
import { quoted } from './names.ts';
import { product } from '../tensors/dims.ts';
import type { Shapes } from '../graph/shapes/inferredShapes.ts';

/** What one run takes, as far as the sizes of its tensors are known. */
export interface RunCost {
  /** Multiply-adds, and for every other element made what about as much work is. */
  readonly operations: number;
  /** Bytes alive at once. */
  readonly bytes: number;
  /** Bytes of the tensors that it gives, as far as known. */
  readonly given: number;
}

/** What a run may take. */
export interface RunLimits {
  readonly operations?: number | undefined;
  /** Bytes of the tensors that a run gives, of which several runs are held beside each other. */
  readonly given?: number | undefined;
}

/** Some seconds on one thread of a slow machine. */
const MAX_OPERATIONS = 1e10;
/** What all runs of one proof may take together; a run that has begun is ended. */
const PROOF_OPERATIONS = 4e10;
/** What a person asks for by name, a whole model on one picture: some minutes. */
export const MAX_WHOLE_OPERATIONS = 1e12;
/** Of the 4 GiB that the runtime can address; a machine runs other things too. */
const MAX_BYTES = 2 ** 30;
/**
 * A cosine or a copy of one element takes as long as so many multiply-adds of a convolution: measured, 16 million
 * cosines a second.
 */
const ELEMENT_OPERATIONS = 16;
/** A node takes as long as so many multiply-adds, however little it does: about ten microseconds. */
const NODE_OPERATIONS = 10_000;
/** Elements of an unknown type count as floats. */
const UNKNOWN_BITS = 32;
/** More rounds than any model needs: a loop that counts to this does not end. */
const ENDLESS_ROUNDS = 1e9;

/** Operators that look at a window for each element they make. */
const WINDOWED = new Set(['MaxPool', 'AveragePool', 'LpPool']);

/** What is left of the work that one proof may take, over all its runs. */
export class WorkBudget {
  private left: number;

  constructor(operations = PROOF_OPERATIONS) {
    this.left = operations;
  }

  /** Nothing is left for another run. */
  get spent(): boolean {
    return this.left <= 0;
  }

  /** Counts what a run took, or will take. */
  take(operations: number): void {
    this.left -= operations;
  }
}

/** Estimates what runs of a model take, before it is run. */
export class RunEstimate {
  private readonly model: Model;
  private readonly constants: SteeringConstants;
  private readonly known = new Map<string, RunCost>();

  private constructor(model: Model, constants: SteeringConstants) {
    this.model = model;
    this.constants = constants;
  }

  /**
   * Reads a model that is in memory. Throws `unsupported` (endless-loop) where one of its loops is seen never to end.
   */
  static async of(bytes: Uint8Array): Promise<RunEstimate> {
    const source = new MemorySource(bytes);
    const model = await scanModel(source);
    const constants = await steeringConstants(model, { wire: new WireReader(source) });
    refuseEndlessLoops(model, constants);
    return new RunEstimate(model, constants);
  }

  /** What a run on inputs of these sizes takes. */
  cost(sizes: Readonly<Record<string, readonly number[]>>): RunCost {
    const key = JSON.stringify(sizes);
    const cost = this.known.get(key) ?? this.estimate(sizes);
    this.known.set(key, cost);
    return cost;
  }

  /**
   * Throws `unsupported` (run-too-large) where a run on inputs of these sizes would take too long or too much memory.
   */
  check(sizes: Readonly<Record<string, readonly number[]>>, limits: RunLimits = {}): void {
    const { operations, bytes, given } = this.cost(sizes);
    if (bytes > MAX_BYTES) throw tooLarge(`about ${inUnits(bytes / 2 ** 30)} GiB of memory`);
    if (given > (limits.given ?? MAX_BYTES))
      throw tooLarge(`about ${inUnits(given / 2 ** 20)} MiB of results, held several times`);
    if (operations > (limits.operations ?? MAX_OPERATIONS))
      throw tooLarge(`about ${inUnits(operations / 1e9)} billion operations`);
  }

  private estimate(sizes: Readonly<Record<string, readonly number[]>>): RunCost {
    const { model } = this;
    const sized = sizedModel(model, sizes);
    const shapes = inferShapes(sized, { constants: this.constants });
    const costs = modelCosts(sized, shapes);
    let operations = operationsOf({ nodes: model.graph.nodes, shapes }, new Map());
    let memory = 0;
    for (const node of model.graph.nodes) {
      const { macs, memory: made } = costs.of(node);
      operations += macs ?? 0;
      memory += made ?? 0;
    }
    const given = model.graph.outputs.reduce((sum, { name }) => sum + bytesOf(name, shapes), 0);
    return { operations, bytes: costs.total.peak ?? memory, given };
  }
}

/** A model whose inputs have these sizes. */
export function sizedModel(model: Model, sizes: Readonly<Record<string, readonly number[]>>): Model {
  const inputs = model.graph.inputs.map((input) => sizedInput(input, sizes[input.name]));
  return { ...model, graph: { ...model.graph, inputs } };
}

function sizedInput(input: ValueInfo, dims: readonly number[] | undefined): ValueInfo {
  return dims && input.type?.kind === 'tensor' ? { ...input, type: { ...input.type, dims } } : input;
}

interface Scope {
  readonly nodes: readonly Node[];
  readonly shapes: Pick<ScopeShapes, 'tensors' | 'inner'>;
}

/**
 * The work of all nodes beside what they multiply, those of loops, branches and functions among them: of several
 * branches the costlier one, of loops all rounds, or one where their number is not known. Calls of a function on the
 * same inputs share one scope, which is counted once and then looked up.
 */
function operationsOf({ nodes, shapes }: Scope, known: Map<Scope['shapes'], number>): number {
  const there = known.get(shapes);
  if (there !== undefined) return there;
  let operations = 0;
  for (const node of nodes) {
    operations += NODE_OPERATIONS + elementsOf(node, shapes) * workPerElement(node);
    const inner = shapes.inner.get(node) ?? [];
    const each = inner.map(({ body, shapes: inside, runs }) => {
      const rounds = typeof runs === 'number' ? runs : 1;
      return rounds * operationsOf({ nodes: body.nodes, shapes: inside }, known);
    });
    const isEither = inner.some(({ either }) => either);
    operations += isEither ? Math.max(...each) : each.reduce((sum, amount) => sum + amount, 0);
  }
  known.set(shapes, operations);
  return operations;
}

function elementsOf(node: Node, shapes: Scope['shapes']): number {
  return node.outputs.reduce((sum, name) => {
    const dims = shapes.tensors.get(name)?.dims;
    return dims?.every((dim) => typeof dim === 'number') ? sum + product(dims) : sum;
  }, 0);
}

/** The bytes of a tensor; 0 where its sizes are not known. */
function bytesOf(name: string, shapes: Shapes): number {
  const { dims = null, dtype = null } = shapes.tensors.get(name) ?? {};
  const bits = (dtype === null ? undefined : DTYPES[dtype]?.bits) ?? UNKNOWN_BITS;
  return dims?.every((dim) => typeof dim === 'number') ? (product(dims) * bits) / 8 : 0;
}

function workPerElement(node: Node): number {
  const kernel = WINDOWED.has(node.opType) ? intsOf(node, 'kernel_shape') : null;
  return Math.max(ELEMENT_OPERATIONS, kernel ? product(kernel) : 0);
}

/** A run that would take more than is run here. */
export function tooLarge(what: string): ChannelwiseError {
  return new ChannelwiseError('unsupported', 'run-too-large', `A run would take ${what}, too much to be run here.`);
}

function inUnits(amount: number): string {
  return amount >= 100 ? String(Math.round(amount)) : amount.toPrecision(2);
}

/**
 * A loop whose condition is passed on as it is, or always true, and whose rounds nothing ends.
 * https://onnx.ai/onnx/operators/onnx__Loop.html
 */
function refuseEndlessLoops(model: Model, constants: SteeringConstants): void {
  const values = constantValues(model, constants);
  for (const nodes of allNodeLists(model)) {
    for (const node of nodes) {
      if (node.opType !== 'Loop' || node.domain !== '' || !isEndless(node, values)) continue;
      throw new ChannelwiseError(
        'unsupported',
        'endless-loop',
        `Loop \`${quoted(node.name || node.outputs[0] || '')}\` never ends: its condition stays true.`,
        { node: node.name },
      );
    }
  }
}

function isEndless(node: Node, values: ReadonlyMap<string, number>): boolean {
  const [rounds = '', condition = ''] = node.inputs;
  const counted = rounds !== '' && (values.get(rounds) ?? 0) < ENDLESS_ROUNDS;
  if (counted) return false;
  if (condition !== '' && values.get(condition) !== 1) return false;
  const body = attributeOf(node, 'body')?.graph;
  return body !== undefined && staysTrue(body, values);
}

function staysTrue(body: Graph, values: ReadonlyMap<string, number>): boolean {
  const passed = body.inputs[1]?.name;
  const makers = new Map(body.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  let name = body.outputs[0]?.name ?? '';
  for (let steps = 0; steps <= body.nodes.length; steps++) {
    if (name === passed || values.get(name) === 1) return true;
    const maker = makers.get(name);
    if (maker?.opType !== 'Identity') return false;
    name = maker.inputs[0] ?? '';
  }
  return false;
}

/** Single numbers that are stored, by name; the same name in two graphs counts only where both hold the same. */
function constantValues(model: Model, constants: SteeringConstants): Map<string, number> {
  const values = new Map<string, number>();
  const note = (name: string, tensor: Tensor | undefined): void => {
    const value = tensor && constants.get(tensor)?.values;
    const number = value?.length === 1 && typeof value[0] === 'number' ? value[0] : NaN;
    values.set(name, values.has(name) && values.get(name) !== number ? NaN : number);
  };
  for (const graph of allGraphs(model))
    for (const initializer of graph.initializers) note(initializer.name, initializer);
  for (const nodes of allNodeLists(model))
    for (const node of nodes) if (isConstant(node)) note(node.outputs[0] ?? '', constantTensor(node));
  return values;
}
