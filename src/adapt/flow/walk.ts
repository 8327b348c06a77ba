import { INT64 } from '../../tensors/dtypes.ts';
import type { Dim, Graph, Node } from '../../formats/onnx/model.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import type { Base, Flow } from './flow.ts';
import type { Fold } from './fold.ts';
import type { Known } from './known.ts';
import type {
  AttributeValue,
  InsertedNode,
  Named,
  NewConstant,
  NewNumbers,
  NodeRewrite,
  Operand,
  Replacement,
  Work,
} from './rewrite.ts';
import { TakenNames } from './names.ts';

/** A tensor of the original that the new graph makes again as it was, and why. */
export interface Rebuilt extends Named {
  readonly tensor: string;
  /** The node that needs it; '' is an output of the model. */
  readonly node: string;
  readonly reason: string;
}

/** What Shape gives of a base: the sizes as they are now, and the place and number of the channels there. */
export interface BaseShape {
  readonly bare: Named;
  readonly at: number;
  readonly size: number;
}

/** From this opset on, Add broadcasts by shape alone. */
export const BROADCASTING = 7;
/** From this opset on, Pad takes amounts and value as inputs. */
export const PAD_WITH_INPUTS = 11;

/** A graph inside a node, and the walk through it that took the map in there. */
export interface WalkedBody {
  readonly body: Graph;
  readonly walk: Walk;
}

/** Where a new node stands, and what it has besides inputs. */
interface Placed {
  readonly after: Node | null;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly work?: Work;
}

/** How a walk treats what can be done in more than one way. */
export interface WalkOptions {
  /**
   * Whether channels and pixels may share an axis under a map that is no plain copy: only matrix products take that in,
   * and there is no way back.
   */
  readonly merges?: boolean;
  /**
   * Whether another order of channels is carried on, in constants per channel and groups of filters, in place of
   * becoming a matrix at the first of these.
   */
  readonly keepsOrder?: boolean;
  /** Whether weights behind a DequantizeLinear must stay integers. */
  readonly keepsIntegers?: boolean;
  /** Of a graph inside a node. */
  readonly outward?: ReadonlySet<string>;
}

/**
 * Carries flows through the main graph and collects what changes. One walk is one attempt; it never touches the model.
 */
export class Walk {
  readonly known: Known;
  readonly graph: Graph;
  readonly merges: boolean;
  readonly keepsOrder: boolean;
  readonly keepsIntegers: boolean;
  /** By tensor of the original: what it is in the new graph. Tensors that are not here stay as they were. */
  readonly flows = new Map<string, Flow>();
  readonly rewrites = new Map<Node, NodeRewrite>();
  /** Nodes whose only output is a constant of the same name now. */
  readonly dropped = new Set<Node>();
  readonly inserted: InsertedNode[] = [];
  readonly constants: NewConstant[] = [];
  /** By the stored tensor. */
  readonly replacements = new Map<string, Replacement>();
  /** What DequantizeLinear makes of a weight that got new dims: tensors with their old and new dims. */
  readonly dequantised = new Map<
    string,
    { readonly oldDims: readonly number[]; readonly newDims: readonly number[] }
  >();
  /** New tensors beside a weight that several nodes read, each for the readers that fold alike. */
  readonly folded = new Map<string, NewNumbers[]>();
  /** By the tensor that holds the old sizes. */
  readonly baseShapes = new Map<string, BaseShape>();
  /** By the tensor of the original. */
  readonly rebuilt = new Map<string, Rebuilt>();
  readonly folds: Fold[] = [];
  /** Nodes that vanish, because the map does their work. */
  readonly absorbed: { node: string; opType: string }[] = [];
  /** What a plan costs, in sentences. */
  readonly notes: string[] = [];
  /** Those of the notes that tell of a node in front of a layer. */
  readonly inFront = new Set<string>();
  /** Tensors of the original that the new graph makes as they were: all behind them stays. */
  readonly seam = new Set<string>();
  /** By node of this graph: the graphs inside it that took the map in. */
  readonly bodies = new Map<Node, readonly WalkedBody[]>();
  /** The walk through the graph around this one; null in the main graph. */
  readonly around: Walk | null;
  /** Outputs of a graph inside a node that may go out over new channels. */
  readonly outward: ReadonlySet<string>;
  /** Those that do. */
  readonly given = new Map<string, Flow>();
  /** How many graphs are around this one. */
  readonly depth: number;
  private readonly derived = new Map<Base, Map<string, Base>>();
  /** All names in the model and those given since. */
  readonly names: TakenNames;

  constructor(graph: Graph, known: Known, options: WalkOptions = {}, around: Walk | null = null) {
    this.graph = graph;
    this.known = known;
    this.around = around;
    this.outward = options.outward ?? new Set();
    this.depth = around ? around.depth + 1 : 0;
    this.names = new TakenNames(around?.names ?? known.use.names);
    this.merges = options.merges ?? true;
    this.keepsOrder = options.keepsOrder ?? false;
    this.keepsIntegers = options.keepsIntegers ?? false;
  }

  /** A walk through a graph that a node of this one holds, of which these outputs may go out over new channels. */
  inside(node: Node, body: Graph, outward: ReadonlySet<string>): Walk {
    const { merges, keepsOrder, keepsIntegers } = this;
    const options = { merges, keepsOrder, keepsIntegers, outward };
    return new Walk(body, this.known.inside(node, body), options, this);
  }

  /**
   * Takes over what a walk through a graph inside did to what is around it, and what there is to tell of it. Weights
   * that only that graph reads are replaced where they lie.
   */
  takeIn(body: Graph, inside: Walk): void {
    const own = new Set([...body.initializers.map((t) => t.name), ...body.nodes.flatMap((node) => node.outputs)]);
    for (const [name, replacement] of inside.replacements) {
      if (own.has(name)) continue;
      this.replacements.set(name, replacement);
      inside.replacements.delete(name);
    }
    for (const [name, dims] of inside.dequantised) if (!own.has(name)) this.dequantised.set(name, dims);
    for (const name of inside.names.own) this.names.add(name);
    for (const note of inside.inFront) this.inFront.add(note);
    this.folds.push(...inside.folds);
    this.absorbed.push(...inside.absorbed);
    this.notes.push(...inside.notes);
  }

  /** `wanted`, or a name like it where that is taken. */
  fresh(wanted: string): string {
    return this.names.fresh(wanted);
  }

  /** A new stored tensor, row-major. */
  constant(
    wanted: string,
    dtype: number,
    dims: readonly number[],
    values: Float64Array | readonly number[],
  ): NewNumbers {
    const made = { name: this.fresh(wanted), dtype, dims, values: Float64Array.from(values) };
    this.constants.push(made);
    return made;
  }

  /** A new vector of int64. */
  integers(wanted: string, values: readonly bigint[]): NewConstant {
    const made = {
      name: this.fresh(wanted),
      dtype: INT64,
      dims: [values.length],
      values: BigInt64Array.from(values),
    };
    this.constants.push(made);
    return made;
  }

  /** A node whose result is known gives way to that result, under its name. */
  freeze(node: Node, dtype: number, dims: readonly number[], values: readonly number[]): void {
    this.dropped.add(node);
    this.constants.push({ name: node.outputs[0] ?? '', dtype, dims, values: Float64Array.from(values) });
  }

  /** A new node of one output, whose name is `wanted` or like it. */
  insert(opType: string, wanted: string, inputs: readonly Operand[], { after, attributes, work }: Placed): Named {
    const output = { name: this.fresh(wanted) };
    this.inserted.push({
      opType,
      name: this.fresh(`${wanted}/${opType}`),
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes ?? {})),
      after,
      work: work ?? null,
    });
    return output;
  }

  /** An Add behind a node, under a name that is there: `output = from + what`. */
  addBehind(after: Node, from: Named, output: string, what: () => Operand): void {
    this.inserted.push({
      opType: 'Add',
      name: this.fresh(`${output}/Add`),
      inputs: [from, what()],
      outputs: [{ name: output }],
      attributes: new Map(),
      after,
      work: null,
    });
  }

  /** An output of a graph inside a node goes out over its base, under its own name. */
  giveOut(output: string, flow: Flow): void {
    const { base } = flow;
    const isThere = base.name === output && base.producer !== null;
    if (!isThere)
      this.inserted.push({
        opType: 'Identity',
        name: this.fresh(`${output}/Identity`),
        inputs: [base],
        outputs: [{ name: output }],
        attributes: new Map(),
        after: base.after,
        work: null,
      });
    const given = isThere ? base : { name: output, channels: base.channels, producer: null, after: base.after };
    this.flows.set(output, { ...flow, base: given, earlier: null });
    this.given.set(output, flow);
  }

  /** A base made of another one, once for each way of making it. */
  derivedBase(base: Base, key: string, make: () => Base): Base {
    const made = this.derived.get(base) ?? new Map<string, Base>();
    this.derived.set(base, made);
    const there = made.get(key);
    if (there) return there;
    const moved = make();
    made.set(key, moved);
    return moved;
  }

  /** The numbers of a constant; null when it is none, or is a flow. */
  async value(name: string | undefined): Promise<ConstantValue | null> {
    return name && !this.flows.has(name) ? this.known.constants.value(name) : null;
  }

  /** The integers of a constant, of any size; null when it is none. */
  async integersOf(name: string | undefined): Promise<readonly bigint[] | null> {
    return name && !this.flows.has(name) ? this.known.constants.integers(name) : null;
  }

  /** What a tensor is in the new graph; null where no channels flow. */
  flowOf(name: string | undefined): Flow | null {
    return (name && this.flows.get(name)) || null;
  }

  /** The old dims of a tensor, as far as they are known. */
  dimsOf(name: string): readonly Dim[] | null {
    const flow = this.flows.get(name);
    return flow && !flow.gone ? flow.dims : this.known.dims(name);
  }
}
