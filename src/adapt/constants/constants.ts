import { connectionsOf } from '../../graph/connections.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { unambiguous } from '../../graph/storedTensors.ts';
import { attributeOf, intOf, isConstant } from '../../formats/onnx/attributes.ts';
import { decodeConstant, decodeSparse } from '../../formats/onnx/constant.ts';
import { FLOAT, INT64, isLongInteger, isNumber } from '../../tensors/dtypes.ts';
import type { Graph, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import { decodeTensor, type DecodedTensor } from '../../formats/onnx/tensors/tensorData.ts';
import { storedTensor } from '../../formats/onnx/tensors/storedTensor.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { elementCount } from '../../tensors/storedTensor.ts';
import { readElements } from '../../tensors/tensorElements.ts';
import { COMPUTED } from './constantOps.ts';
import { MAX_EXPANDED, type ConstantRule } from './constantRule.ts';
import { wideNumbers, type ConstantValue, type WideIntegers } from './constantValue.ts';
import { MOVEMENT, movedInputs } from './movement.ts';
import { product } from '../../tensors/dims.ts';

/** Larger tensors are never first weights; computing with them would hold the worker's memory. */
const MAX_ELEMENTS = 1 << 28;
/** Elements that all computed constants of a model may have together: a few bytes of a file can ask for any amount. */
const MAX_MADE = 1 << 27;
/** The operators between stored numbers and a weight are few; a longer computation is no weight. */
const MAX_COMPUTED = 256;

/**
 * Values known before the model runs: initializers, Constant nodes, and what the operators of `COMPUTED` make of them.
 */
export class Constants {
  private readonly stored = new Map<string, Tensor>();
  private readonly sparse = new Map<string, SparseTensor>();
  private readonly makers: ReadonlyMap<string, Node>;
  private readonly known = new Map<string, ConstantValue | null>();
  private readonly fixed = new Map<string, boolean>();
  private room = MAX_MADE;
  private readonly ctx: TensorContext;
  private readonly inPlace: (node: Node) => boolean;
  private readonly inputs: ReadonlySet<string>;
  private readonly outer: Constants | null;

  /**
   * `inPlace` says which Constant nodes may get other numbers where they lie; `outer` knows the names of the graph
   * around this one.
   */
  constructor(graph: Graph, ctx: TensorContext, inPlace: (node: Node) => boolean, outer: Constants | null = null) {
    this.ctx = ctx;
    this.inPlace = inPlace;
    this.outer = outer;
    this.inputs = new Set(graph.inputs.map((input) => input.name));
    const { initializers, sparseInitializers } = unambiguous(graph);
    for (const tensor of initializers) this.stored.set(tensor.name, tensor);
    for (const tensor of sparseInitializers) this.sparse.set(tensor.values.name, tensor);
    this.makers = connectionsOf(graph.nodes).makers;
  }

  /** The constants of a graph inside a node of this one, which sees the names around it. */
  inside(body: Graph): Constants {
    return new Constants(body, this.ctx, this.inPlace, this);
  }

  /** The DequantizeLinear node that makes a name straight from a stored tensor, with that tensor's name. */
  dequantised(name: string): { node: Node; stored: Tensor } | null {
    const around = this.around(name);
    if (around) return around.dequantised(name);
    const node = this.makers.get(name);
    const stored = node?.opType === 'DequantizeLinear' && node.domain === '' ? this.tensor(node.inputs[0] ?? '') : null;
    return node && stored ? { node, stored } : null;
  }

  /** True when the value behind a name does not depend on what the model is fed. Reads no numbers. */
  isFixed(name: string): boolean {
    const open = [name];
    const waiting = new Set<string>();
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      if (this.fixed.has(at)) {
        open.pop();
        continue;
      }
      const inputs = this.decidingInputs(at);
      if (typeof inputs === 'boolean') {
        this.fixed.set(at, inputs);
        continue;
      }
      const missing = inputs.filter((input) => !this.fixed.has(input));
      // A name met again while it waits lies on a cycle.
      if (missing.length && !waiting.has(at)) {
        waiting.add(at);
        for (const input of missing) open.push(input);
      } else this.fixed.set(at, !missing.length && inputs.every((input) => this.fixed.get(input)));
    }
    return this.fixed.get(name) ?? false;
  }

  /** Whether a value is fixed, where that is known at once; else the inputs that decide it. */
  private decidingInputs(name: string): boolean | readonly string[] {
    const around = this.around(name);
    if (around) return around.isFixed(name);
    if (this.isStored(name)) return true;
    const node = this.makers.get(name);
    if (!node || !Object.hasOwn(COMPUTED, operatorKey(node)) || node.outputs.length > 1) return false;
    return node.inputs.filter(Boolean);
  }

  /**
   * The value behind a name; null when it is no constant, or when float64 rounds one of its integers. Throws what
   * decoding throws.
   */
  async value(name: string): Promise<ConstantValue | null> {
    const value = await this.exactValue(name);
    return value?.exact ? null : value;
  }

  /**
   * The integers behind a name without loss, of any size; null when it is no constant, or has other numbers. Throws
   * what decoding throws.
   */
  async integers(name: string): Promise<readonly bigint[] | null> {
    const value = await this.exactValue(name);
    if (value?.exact) return [...value.exact];
    return value?.values.every(Number.isSafeInteger) ? Array.from(value.values, BigInt) : null;
  }

  private async exactValue(name: string): Promise<ConstantValue | null> {
    const open = this.isFixed(name) ? [name] : [];
    let computed = 0;
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      if (this.known.has(at)) {
        open.pop();
        continue;
      }
      const around = this.around(at);
      if (around) {
        this.known.set(at, await around.exactValue(at));
        continue;
      }
      const node = this.isStored(at) ? undefined : this.makers.get(at);
      const missing = node?.inputs.filter((input) => input && !this.known.has(input)) ?? [];
      if (missing.length && computed < MAX_COMPUTED) {
        for (const input of missing) open.push(input);
        computed++;
      } else this.known.set(at, missing.length ? null : await this.compute(at, this.makers.get(at)));
    }
    return this.known.get(name) ?? null;
  }

  /** The graph around, for names that are not this one's own; else null. */
  private around(name: string): Constants | null {
    const isOwn = this.stored.has(name) || this.sparse.has(name) || this.makers.has(name) || this.inputs.has(name);
    return isOwn ? null : this.outer;
  }

  private tensor(name: string): Tensor | null {
    const around = this.around(name);
    return around ? around.tensor(name) : (this.stored.get(name) ?? null);
  }

  private isStored(name: string): boolean {
    const node = this.makers.get(name);
    return this.stored.has(name) || this.sparse.has(name) || (node !== undefined && isConstant(node));
  }

  private async compute(name: string, node: Node | undefined): Promise<ConstantValue | null> {
    const tensor = this.stored.get(name);
    if (tensor) return readable(tensor.dtype, tensor.dims) ? this.held(tensor, name) : null;
    const sparse = this.sparse.get(name);
    if (sparse)
      return readable(sparse.values.dtype, sparse.dims)
        ? asConstant(await decodeSparse(this.ctx, sparse, name), null)
        : null;
    if (!node) return null;
    if (isConstant(node)) return this.constant(node, name);
    const inputs = node.inputs.map((i) => this.known.get(i) ?? null);
    if (node.inputs.some((i, n) => i && !inputs[n])) return null;
    const read = inputs.reduce((total, input) => total + (input?.values.length ?? 0), 0);
    if (read > this.room) return null;
    const made =
      node.opType === 'ConstantOfShape' ? await this.filled(node, inputs[0] ?? null, name) : computed(node, inputs);
    this.room -= made?.values.length ?? 0;
    return made;
  }

  /** One number, or zero, in every place: https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html */
  private async filled(node: Node, shape: ConstantValue | null, name: string): Promise<ConstantValue | null> {
    const tensor = attributeOf(node, 'value')?.tensor;
    if (!shape?.values.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) return null;
    const dims = [...shape.values];
    const dtype = tensor?.dtype ?? FLOAT;
    if (!readable(dtype, dims) || product(dims) > MAX_EXPANDED) return null;
    if (tensor && product(tensor.dims) !== 1) return null;
    const value = tensor ? ((await decodeTensor(this.ctx, tensor, name)).values[0] ?? 0) : 0;
    return asConstant({ dtype, dims, values: new Float64Array(product(dims)).fill(value) }, null);
  }

  private async constant(node: Node, name: string): Promise<ConstantValue | null> {
    const tensor = attributeOf(node, 'value')?.tensor;
    if (tensor && !readable(tensor.dtype, tensor.dims)) return null;
    // Says what is wrong where the node holds no value or several.
    const decoded = await decodeConstant(this.ctx, node, name);
    if (!decoded) return null;
    const stored = tensor && this.inPlace(node) ? tensor : null;
    if (tensor && isLongInteger(tensor.dtype)) return { ...(await this.held(tensor, name)), stored };
    const single = attributeOf(node, 'value_int')?.int;
    const list = single === undefined ? attributeOf(node, 'value_ints')?.ints : [single];
    if (list) return { dtype: INT64, dims: decoded.dims, ...wideNumbers(BigInt64Array.from(list)), stored };
    return asConstant(decoded, stored);
  }

  private async held(tensor: Tensor, name: string): Promise<ConstantValue> {
    const { dtype, dims } = tensor;
    if (!isLongInteger(dtype))
      return { dtype, dims, values: (await decodeTensor(this.ctx, tensor, name)).values, stored: tensor };
    const read = await readElements(storedTensor(this.ctx, tensor, name), { from: 0, to: elementCount(tensor) });
    return { dtype, dims, ...wideNumbers(read.values as WideIntegers), stored: tensor };
  }
}

function readable(dtype: number, dims: readonly number[]): boolean {
  return isNumber(dtype) && product(dims) <= MAX_ELEMENTS;
}

/** What was decoded as float64; integers that it may have rounded are not known. */
function asConstant({ dtype, dims, values }: DecodedTensor, stored: Tensor | null): ConstantValue | null {
  return isLongInteger(dtype) && !values.every(Number.isSafeInteger) ? null : { dtype, dims, values, stored };
}

/** What a node makes of its constant inputs. Integers that float64 rounds are moved, and computed with nowhere. */
function computed(node: Node, inputs: readonly (ConstantValue | null)[]): ConstantValue | null {
  const rule = COMPUTED[operatorKey(node)];
  if (!rule || !inputs.some((input) => input?.exact)) return rule?.(node, inputs) ?? null;
  const keeps = node.opType === 'Cast' && intOf(node, 'to', 0) === inputs[0]?.dtype;
  if (!keeps && !Object.hasOwn(MOVEMENT, operatorKey(node))) return null;
  return movedInputs(node).some((i) => inputs[i]?.exact) ? moved(rule, node, inputs) : rule(node, inputs);
}

/** Moves the places of elements, and reads there which integers they are. */
function moved(rule: ConstantRule, node: Node, inputs: readonly (ConstantValue | null)[]): ConstantValue | null {
  const from = new Set(movedInputs(node));
  const pool: bigint[] = [];
  const places = inputs.map((input, i): ConstantValue | null => {
    if (!input || !from.has(i)) return input;
    const first = pool.length;
    for (const integer of input.exact ?? Array.from(input.values, BigInt)) pool.push(integer);
    return { dtype: input.dtype, dims: input.dims, values: input.values.map((_, k) => first + k), stored: null };
  });
  const made = rule(node, places);
  if (!made) return null;
  const integers = Array.from(made.values, (place) => pool[place] ?? 0n);
  const wide = made.dtype === INT64 ? BigInt64Array.from(integers) : BigUint64Array.from(integers);
  return { ...made, ...wideNumbers(wide) };
}
