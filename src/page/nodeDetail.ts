import type { NodeKind, PageNode } from '../protocol/messages.ts';
import { nodeKind } from './nodeKinds.ts';

/** What a node's box says beside the operator, such as `7×7 /2 · 64×3×7×7 · bias`. */
type Described = Pick<PageNode, 'opType' | 'attributes' | 'inputs'>;

/** The standard's name of the i-th input; '' where there is none. */
export type FormalName = (index: number) => string;

/** Attributes that say what a node does, shown where the operator has no weight. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  Cast: ['to'],
  Concat: ['axis'],
  DepthToSpace: ['blocksize', 'mode'],
  Flatten: ['axis'],
  Gather: ['axis'],
  LeakyRelu: ['alpha'],
  LogSoftmax: ['axis'],
  Pad: ['mode', 'pads'],
  ReduceMax: ['axes'],
  ReduceMean: ['axes'],
  ReduceSum: ['axes'],
  Resize: ['mode'],
  Softmax: ['axis'],
  SpaceToDepth: ['blocksize'],
  Split: ['axis'],
  Squeeze: ['axes'],
  Transpose: ['perm'],
  Unsqueeze: ['axes'],
  Upsample: ['mode'],
};

/** Parts of one box beyond these would make it wider than its neighbours can bear. */
const MOST_PARTS = 4;

/** Kind and detail of a node, for its box. */
export function nodeLook(node: Described, formal: FormalName = () => ''): { kind: NodeKind; detail: string } {
  const kind = nodeKind(node.opType);
  const parts = [
    windowText(node),
    weightText(node),
    biasText(node, kind),
    groupText(node),
    ...constantTexts(node, formal),
  ];
  const said = parts.filter((part) => part !== '');
  const shown = said.length > 0 ? said : attributeTexts(node);
  return { kind, detail: shown.slice(0, MOST_PARTS).join(' · ') };
}

function attribute({ attributes }: Described, name: string): string {
  return attributes.find((a) => a.name === name)?.value ?? '';
}

/** `[7, 7]` as 7 and 7; empty for what is no list of numbers. */
function numbers(text: string): string[] {
  return /^\[[-\d., ]+\]$/.test(text) ? text.slice(1, -1).split(', ') : [];
}

/** The window of a convolution or a pooling, and how it moves: `7×7 /2`, `1×3 /1×2`. */
function windowText(node: Described): string {
  const kernel = numbers(attribute(node, 'kernel_shape'));
  const strides = numbers(attribute(node, 'strides'));
  const dilations = numbers(attribute(node, 'dilations'));
  const words: string[] = [];
  if (kernel.length > 0) words.push(kernel.join('×'));
  if (strides.some((step) => step !== '1')) words.push(`/${onceOrEach(strides)}`);
  if (dilations.some((step) => step !== '1')) words.push(`dilation ${onceOrEach(dilations)}`);
  return words.join(' ');
}

function onceOrEach(values: readonly string[]): string {
  return values.every((value) => value === values[0]) ? (values[0] ?? '') : values.join('×');
}

function largestWeight({ inputs }: Described): PageNode['inputs'][number] | null {
  let largest: PageNode['inputs'][number] | null = null;
  let most = 0;
  for (const input of inputs) {
    if (!input.weight || input.value !== undefined) continue;
    const size = input.weight.dims.reduce((product, dim) => product * dim, 1);
    if (size > most) [most, largest] = [size, input];
  }
  return largest;
}

/** The shape of the weight that says what a layer is, as the file has it: its largest. */
function weightText(node: Described): string {
  const weight = largestWeight(node)?.weight;
  return (weight?.stored ?? weight?.dims ?? []).join('×');
}

function biasText(node: Described, kind: NodeKind): string {
  if (kind !== 'layer') return '';
  const largest = largestWeight(node);
  const bias = node.inputs.slice(2).find(({ weight }) => weight?.dims.length === 1 && weight !== largest?.weight);
  return bias ? 'bias' : '';
}

function groupText(node: Described): string {
  const group = attribute(node, 'group');
  return group === '' || group === '1' ? '' : `group ${group}`;
}

/** Small constants in place: `indices = 1`. */
function constantTexts({ inputs }: Described, formal: FormalName): string[] {
  return inputs.flatMap(({ value, name }, index) =>
    value === undefined ? [] : [`${formal(index) || name} = ${value}`],
  );
}

function attributeTexts(node: Described): string[] {
  const telling = Object.hasOwn(TELLING, node.opType) ? (TELLING[node.opType] ?? []) : [];
  return telling.flatMap((name) => {
    const value = attribute(node, name);
    return value === '' ? [] : [`${name} = ${value}`];
  });
}
