import type { NodeKind } from '../../protocol/pageModel.ts';
import { NodeFacts, entries, type Described, type Reading } from './nodeFacts.ts';
import { nodeKind } from './nodeKinds.ts';
import { OPERATOR_DETAILS } from './operatorDetail.ts';

/** Parts of one box beyond these would make it wider than its neighbours can bear. */
const MOST_PARTS = 4;
/** More numbers than a box has room for say less than their shape. */
const MOST_NUMBERS = 4;

/** Kind of a node, and what its box says beside the operator, such as `7×7 /2 · 64×3×7×7 · bias`. */
export function nodeLook(node: Described, reading: Reading = {}): { kind: NodeKind; detail: string } {
  const kind = nodeKind(node.opType);
  const tell = OPERATOR_DETAILS.get(node.opType) ?? TELL_KIND[kind] ?? tellStored;
  const parts = tell(new NodeFacts(node, reading));
  return { kind, detail: parts.slice(0, MOST_PARTS).join(' · ') };
}

type Tell = (node: NodeFacts) => string[];

/**
 * What operators of a kind say. A stored tensor's shape is said where it is a weight, and not where it steers what an
 * operator does.
 */
const TELL_KIND: Readonly<Partial<Record<NodeKind, Tell>>> = {
  layer: tellLayer,
  norm: (node) => [shapeText(node.largestStored())].filter(Boolean),
  pool: (node) => [windowText(node)].filter(Boolean),
  shape: tellNumbers,
};

function tellLayer(node: NodeFacts): string[] {
  const scales = node.namedConstants().filter(({ name }) => isScale(name));
  const parts = [windowText(node), shapeText(weightOf(node)), biasText(node), groupText(node), ...named(scales)];
  return parts.filter((part) => part !== '');
}

/** Small constants by value, a larger stored tensor by its shape: `B = 255`, `1×3×1×1`. */
function tellStored(node: NodeFacts): string[] {
  const larger = node.largestStored((_, { value }) => value === undefined || entries(value).length > MOST_NUMBERS);
  return [shapeText(larger), ...tellNumbers(node)].filter((part) => part !== '');
}

function tellNumbers(node: NodeFacts): string[] {
  return named(node.namedConstants().filter(({ value }) => entries(value).length <= MOST_NUMBERS));
}

function named(constants: readonly { name: string; value: string }[]): string[] {
  return constants.map(({ name, value }) => `${name} = ${soleEntry(value)}`);
}

/** `[1.5]` says no more than 1.5. */
function soleEntry(value: string): string {
  const [only = value, ...more] = entries(value);
  return more.length === 0 ? only : value;
}

/** The shape of a weight as the file has it. */
function shapeText(weight: ReturnType<NodeFacts['largestStored']>): string {
  return (weight?.stored ?? weight?.dims ?? []).join('×');
}

/** The weight that says what a layer is: its largest, which no scale is. */
function weightOf(node: NodeFacts): ReturnType<NodeFacts['largestStored']> {
  return node.largestStored((name) => !isScale(name));
}

/** Of a quantised operator, by the standard's name of the input. */
function isScale(name: string): boolean {
  return /(scale|zero_point)$/.test(name);
}

/** The window of a convolution or a pooling, and how it moves: `7×7 /2`, `1×3 /1×2`. */
function windowText(node: NodeFacts): string {
  const kernel = kernelOf(node);
  const strides = node.list('strides');
  const dilations = node.list('dilations');
  const words: string[] = [];
  if (kernel.length > 0) words.push(kernel.join('×'));
  if (strides.some((step) => step !== '1')) words.push(`/${onceOrEach(strides)}`);
  if (dilations.some((step) => step !== '1')) words.push(`dilation ${onceOrEach(dilations)}`);
  return words.join(' ');
}

/** A convolution may leave its window to its weight's shape. */
function kernelOf(node: NodeFacts): string[] {
  const given = node.list('kernel_shape');
  if (given.length > 0 || !node.node.opType.includes('Conv')) return given;
  return (weightOf(node)?.dims ?? []).slice(2).map(String);
}

function onceOrEach(values: readonly string[]): string {
  return values.every((value) => value === values[0]) ? (values[0] ?? '') : values.join('×');
}

function biasText(node: NodeFacts): string {
  const largest = weightOf(node);
  const bias = node.largestStored(
    (name, { weight }, index) => index > 1 && !isScale(name) && weight?.dims.length === 1 && weight !== largest,
  );
  return bias ? 'bias' : '';
}

function groupText(node: NodeFacts): string {
  const group = node.attribute('group');
  return group === '' || group === '1' ? '' : `group ${group}`;
}
