import { isFloat } from '../../../tensors/dtypes.ts';
import { intOf, intsOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { nestedGraphs } from '../../../graph/nested.ts';
import { calledFunction } from '../../../graph/operatorKey.ts';
import { quoted } from '../../names.ts';
import { ByteComparer } from '../../sameBytes.ts';
import { heldTensors, type Wiring } from '../../wiring.ts';
import { drawsNumbers } from './randomOperators.ts';

/** A model whose nodes count as known, and what compares its bytes with the adapted model's. */
interface Known {
  readonly wiring: Wiring;
  readonly bytes: ByteComparer;
  /** Operators mean the same in both. */
  readonly sameMeaning: boolean;
  readonly sameFunctions: boolean;
}

/** A tap of a convolution that lies further away than this could wait for pictures larger than those tried. */
const MAX_REACH = 64;

/**
 * Runs on some inputs say nothing about a model that behaves otherwise on inputs of its choice. So what the adapted
 * model has beyond the known ones (the original, and what adapting it again gives) may only add up multiples of its
 * input; anything else could choose by value or by size. Returns a sentence about the first node for which that doesn't
 * hold, or null.
 */
export async function unexplainedNode(wiring: Wiring, models: readonly Wiring[]): Promise<string | null> {
  const known: Known[] = [];
  for (const model of models) {
    const bytes = new ByteComparer(model.file, wiring.file);
    const sameFunctions = await bytes.sameFunctions(model.file.model, wiring.file.model);
    known.push({ wiring: model, bytes, sameMeaning: sameVersions(model, wiring), sameFunctions });
  }
  const constants = constantTensors(wiring);
  for (const node of wiring.file.model.graph.nodes) {
    if (node.inputs.length && node.inputs.every((name) => !name || constants.has(name)) && isPlain(node)) continue;
    if (isAffine(node, constants, wiring)) continue;
    if (await isKnown(node, wiring, known)) continue;
    const label = node.name || node.outputs[0] || '';
    return (
      `Node \`${quoted(label)}\` (${quoted(node.opType)}) is not as in the original, and could choose by value or ` +
      'size: no number of inputs tried shows that it never does.'
    );
  }
  return null;
}

/** One of the known models has this node, with the same stored inputs. */
async function isKnown(node: Node, b: Wiring, known: readonly Known[]): Promise<boolean> {
  const calls = callsFunction(node, b);
  for (const { wiring, bytes, sameMeaning, sameFunctions } of known) {
    if (!sameMeaning || (calls && !sameFunctions)) continue;
    const other = wiring.makers.get(node.outputs.find(Boolean) ?? '');
    if (!other || !(await sameNode(other, node, bytes))) continue;
    if (await sameStoredInputs(b.reads(node), wiring, b, bytes)) return true;
  }
  return false;
}

/** It calls a function of the model, itself or in a graph inside. */
function callsFunction(node: Node, { file }: Wiring): boolean {
  const nodes = [node, ...nestedGraphs(node).flatMap((graph) => graph.nodes)];
  return nodes.some((inner) => calledFunction(file.model.functions, inner) !== null);
}

/** The same operator on the same tensors. Names and notes don't matter. */
async function sameNode(a: Node, b: Node, bytes: ByteComparer): Promise<boolean> {
  if (await bytes.sameNode(a, b)) return true;
  const text = (node: Node): string =>
    JSON.stringify([node.opType, node.domain, node.overload, node.inputs, node.outputs]);
  if (text(a) !== text(b) || a.attributes.length !== b.attributes.length) return false;
  const beside = [...heldTensors(a), ...heldTensors(b)].some((tensor) => tensor.storage.kind === 'external');
  if (beside) return false;
  for (const [i, attribute] of a.attributes.entries()) {
    const other = b.attributes[i];
    if (!other || !(await bytes.sameMessage(attribute.ref, other.ref))) return false;
  }
  return true;
}

async function sameStoredInputs(reads: readonly string[], a: Wiring, b: Wiring, bytes: ByteComparer): Promise<boolean> {
  for (const name of reads) {
    if (b.makers.has(name) !== a.makers.has(name)) return false;
    const [one, two] = [a.stored.get(name), b.stored.get(name)];
    if (!one && !two) continue;
    if (!one || !(await bytes.sameTensor(one, two))) return false;
  }
  return true;
}

function sameVersions(a: Wiring, b: Wiring): boolean {
  const text = ({ file }: Wiring): string =>
    JSON.stringify(file.model.opsets.map((opset) => `${opset.domain}:${opset.version}`).sort());
  return text(a) === text(b);
}

/** Tensors that are the same for all inputs: stored, or made of such by plain nodes. */
function constantTensors(wiring: Wiring): Set<string> {
  const constants = new Set([...wiring.stored.keys(), ...wiring.sparse.keys()]);
  for (const node of wiring.order) {
    if (!isPlain(node) || !node.inputs.every((name) => !name || constants.has(name))) continue;
    if (!node.inputs.length && !node.opType.startsWith('Constant')) continue;
    for (const output of node.outputs) if (output) constants.add(output);
  }
  return constants;
}

/** One of the standard's own operators, with no graph inside and the same result each time. */
function isPlain(node: Node): boolean {
  return node.domain === '' && !drawsNumbers(node) && !nestedGraphs(node).length;
}

interface AffineInput {
  readonly node: Node;
  readonly w: Wiring;
  /** Whether input number `index` is the same for all inputs of the model. */
  isConstant(index: number): boolean;
}

type AffineRule = (input: AffineInput) => boolean;

const always: AffineRule = () => true;
/** All inputs but the first are constant: shapes, repeats, scales, weights. */
const restConstant: AffineRule = ({ node, isConstant }) => node.inputs.every((_, i) => i === 0 || isConstant(i));
/** A product is affine where one factor alone depends on the model's input. */
const oneFactor: AffineRule = ({ node, isConstant }) => node.inputs.filter((_, i) => !isConstant(i)).length <= 1;
const convolution: AffineRule = (input) => restConstant(input) && reachOf(input.node, input.w) <= MAX_REACH;

/** Operators whose result is a sum of multiples of their input, at each size in the same way. */
const AFFINE: Readonly<Record<string, AffineRule>> = {
  Add: always,
  BatchNormalization: restConstant,
  Cast: ({ node }) => isFloat(intOf(node, 'to', 0)),
  Concat: always,
  Constant: always,
  Conv: convolution,
  ConvTranspose: convolution,
  DequantizeLinear: restConstant,
  Div: restConstant,
  Einsum: oneFactor,
  Expand: restConstant,
  Flatten: always,
  Gemm: oneFactor,
  Identity: always,
  MatMul: oneFactor,
  Mul: oneFactor,
  Neg: always,
  Reshape: restConstant,
  Squeeze: restConstant,
  Sub: always,
  Sum: always,
  Tile: restConstant,
  Transpose: always,
  Unsqueeze: restConstant,
};

function isAffine(node: Node, constants: ReadonlySet<string>, wiring: Wiring): boolean {
  const rule = node.domain === '' && Object.hasOwn(AFFINE, node.opType) ? AFFINE[node.opType] : undefined;
  const isConstant = (index: number): boolean => !node.inputs[index] || constants.has(node.inputs[index]);
  return rule?.({ node, w: wiring, isConstant }) ?? false;
}

/** How far a convolution's outermost taps lie apart. */
function reachOf(node: Node, wiring: Wiring): number {
  const dilations = intsOf(node, 'dilations') ?? [];
  const declared = intsOf(node, 'kernel_shape');
  const kernel = declared ?? wiring.stored.get(node.inputs[1] ?? '')?.dims.slice(2);
  if (!kernel) return Infinity;
  return kernel.reduce((most, size, i) => Math.max(most, (size - 1) * (dilations[i] ?? 1)), 0);
}
