import { dtypeName } from '../../tensors/dtypes.ts';
import { countOf } from '../../text/numbers.ts';
import type { NodeFacts } from './nodeFacts.ts';
import { mode, padding, resizing, slicing, splitting } from './spatialDetail.ts';

/** What a box says of an operator; empty where nothing is known. */
type Tell = (node: NodeFacts) => string[];

/** `axis = 1`, for each attribute that is given. */
function attributes(...names: string[]): Tell {
  return (node) =>
    names.flatMap((name) => {
      const value = node.attribute(name);
      return value === '' ? [] : [`${name} = ${name === 'axis' ? node.axis(value) : value}`];
    });
}

/** Axes from the input that later versions have, else from the attribute. */
function axes(node: NodeFacts): string[] {
  const given = node.settled('axes');
  return given === null ? [] : [`axes = [${given.map((axis) => node.axis(axis)).join(', ')}]`];
}

/** A reduction with no axes at all goes over all of them. */
function reduction(node: NodeFacts): string[] {
  if (node.reads('axes') || node.attribute('axes') !== '') return axes(node);
  return node.attribute('noop_with_empty_axes') === '1' ? [] : ['all axes'];
}

/** `to [0, -1, 64]`. Where the page turns axes, the target is not the shape that it shows. */
function target(name: string): Tell {
  return (node) => {
    const dims = node.isTurned ? null : node.settled(name);
    return dims === null ? [] : [`to [${dims.join(', ')}]`];
  };
}

function clipping(node: NodeFacts): string[] {
  const least = node.settled('min')?.join() ?? '';
  const most = node.settled('max')?.join() ?? '';
  if (least !== '' && most !== '') return [`${least} to ${most}`];
  if (least !== '') return [`at least ${least}`];
  return most === '' ? [] : [`at most ${most}`];
}

function casting(node: NodeFacts): string[] {
  const code = node.attribute('to');
  return /^\d+$/.test(code) ? [`to ${dtypeName(Number(code))}`] : [];
}

/** A table of rows with the shape it has; constant indices with what they are; an axis that isn't the first. */
function gathering(node: NodeFacts): string[] {
  const table = node.largestStored((name, { value }) => name === 'data' && value === undefined);
  const [data, indices] = [node.constant('data'), node.constant('indices')];
  const axis = node.attribute('axis');
  return [
    ...(table ? [(table.stored ?? table.dims).join('×')] : []),
    ...(data === undefined ? [] : [`data = ${data}`]),
    ...(indices === undefined ? [] : [`indices = ${indices}`]),
    ...(axis === '' || axis === '0' ? [] : [`axis = ${node.axis(axis)}`]),
  ];
}

function repeating(node: NodeFacts): string[] {
  const times = node.isTurned ? null : node.settled('repeats');
  return times === null ? [] : [times.map((count) => `×${count}`).join(' ')];
}

function topK(node: NodeFacts): string[] {
  const k = node.settled('k')?.join() ?? node.settled('K')?.join() ?? '';
  const smallest = node.attribute('largest') === '0' ? ['smallest'] : [];
  return [...(k === '' ? [] : [`k = ${k}`]), ...smallest, ...attributes('axis')(node)];
}

/** Normalisation by channel, or by groups of channels. */
function channels(node: NodeFacts): string[] {
  const count = node.largestStored()?.dims[0];
  const groups = node.attribute('num_groups');
  return [...(count === undefined ? [] : [countOf(count, 'channel')]), ...(groups === '' ? [] : [`${groups} groups`])];
}

function recurrence(node: NodeFacts): string[] {
  const hidden = node.attribute('hidden_size');
  const direction = node.attribute('direction');
  return [...(hidden === '' ? [] : [`hidden ${hidden}`]), ...(direction === '' ? [] : [direction])];
}

/** Scale and zero point; many scales by their number, and the axis along which they go. */
function quantising(node: NodeFacts): string[] {
  const stored = node.largestStored((name) => name === 'x');
  const scales = node.largestStored((name) => name.endsWith('scale'))?.dims ?? [];
  const many = scales.some((dim) => dim > 1);
  const single = node
    .namedConstants()
    .filter(({ name }) => name !== 'x')
    .map(({ name, value }) => `${name} = ${value}`);
  const each = [`${scales.join('×')} scales`, ...attributes('axis')(node)];
  return [...(stored ? [(stored.stored ?? stored.dims).join('×')] : []), ...(many ? each : single)];
}

const REDUCTIONS = 'L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare'.split(' ').map((name) => `Reduce${name}`);

const FAMILIES: readonly (readonly [names: readonly string[], Tell])[] = [
  [['Softmax', 'LogSoftmax', 'Hardmax', 'Concat', 'Flatten', 'ArgMax', 'ArgMin'], attributes('axis')],
  [['LeakyRelu', 'Elu', 'Celu', 'ThresholdedRelu'], attributes('alpha')],
  [['HardSigmoid', 'Selu'], attributes('alpha', 'gamma', 'beta')],
  [['DepthToSpace'], attributes('blocksize', 'mode')],
  [['SpaceToDepth'], attributes('blocksize')],
  [['Transpose'], (node) => (node.isTurned ? [] : attributes('perm')(node))],
  [['Einsum'], attributes('equation')],
  [['Squeeze', 'Unsqueeze'], axes],
  [REDUCTIONS, reduction],
  [['Reshape', 'Expand'], target('shape')],
  [['ConstantOfShape'], target('input')],
  [['Tile'], repeating],
  [['Clip'], clipping],
  [['Cast'], casting],
  [['Gather', 'GatherElements', 'GatherND'], gathering],
  [['TopK'], topK],
  [['Pad'], padding],
  [['Slice'], slicing],
  [['Split'], splitting],
  [['Resize', 'Upsample'], resizing],
  [['GridSample', 'RoiAlign'], mode],
  [['BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'GroupNorm'], channels],
  [['LSTM', 'GRU', 'RNN'], recurrence],
  [['QuantizeLinear', 'DequantizeLinear'], quantising],
];

/** What there is to say of each operator that has no window and no weight to go by, or says more than those. */
export const OPERATOR_DETAILS: ReadonlyMap<string, Tell> = new Map(
  FAMILIES.flatMap(([names, tell]) => names.map((name) => [name, tell] as const)),
);
