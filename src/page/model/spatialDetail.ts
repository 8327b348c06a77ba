import type { NodeFacts } from './nodeFacts.ts';

/** `axis 3: 1:` and `axes 2, 3: ::2`: axes of which the same is to be said stand together. */
function byAxis(node: NodeFacts, said: readonly (readonly [axis: string, text: string])[]): string[] {
  const axesOf = new Map<string, string[]>();
  for (const [axis, text] of said) {
    const list = axesOf.get(text) ?? [];
    list.push(node.axis(axis));
    axesOf.set(text, list);
  }
  return [...axesOf].map(([text, list]) => `${list.length > 1 ? 'axes' : 'axis'} ${list.join(', ')}: ${text}`);
}

/** The mode, if it is given. */
export function mode(node: NodeFacts): string[] {
  const given = node.attribute('mode');
  return given === '' ? [] : [given];
}

/**
 * What is added before and after each axis: `axes 2, 3: 1`, `axis 2: 0 + 1`. Another mode than zeros or another value
 * comes first.
 */
export function padding(node: NodeFacts): string[] {
  const pads = node.settled('pads') ?? [];
  const chosen = node.settled('axes');
  const half = pads.length / 2;
  const said = pads.slice(0, half).flatMap((before, i): [string, string][] => {
    const after = pads[half + i]!;
    if (before === '0' && after === '0') return [];
    return [[chosen?.[i] ?? String(i), before === after ? before : `${before} + ${after}`]];
  });
  const value = node.settled('constant_value')?.join() ?? node.attribute('value');
  const isTold = pads.length > 0 && Number.isInteger(half) && (chosen !== null || !node.reads('axes'));
  return [
    ...mode(node).filter((given) => given !== 'constant'),
    ...(isTold ? byAxis(node, said) : []),
    ...(isTold && said.length === 0 ? ['nothing added'] : []),
    ...(value === '' || Number(value) === 0 ? [] : [`value ${value}`]),
  ];
}

/** As Python writes it: `axis 3: 1:`, `axes 2, 3: ::2`. */
export function slicing(node: NodeFacts): string[] {
  const [starts, ends] = [node.settled('starts'), node.settled('ends')];
  const [axes, steps] = [node.settled('axes'), node.settled('steps')];
  const isUnsettled = (axes === null && node.reads('axes')) || (steps === null && node.reads('steps'));
  if (starts === null || ends === null || isUnsettled) return [];
  const said = starts.map((start, i): [string, string] => [
    axes?.[i] ?? String(i),
    sliceText(start, ends[i] ?? 'end', steps?.[i] ?? '1'),
  ]);
  return byAxis(node, said);
}

function sliceText(start: string, end: string, step: string): string {
  const backwards = step.startsWith('-');
  const [first, last] = backwards ? ['end', 'start'] : ['0', 'end'];
  const from = start === first || (backwards && start === '-1') ? '' : start;
  const to = end === last ? '' : end;
  return `${from}:${to}${step === '1' ? '' : `:${step}`}`;
}

/** Into how many parts, or their sizes, and along which axis. */
export function splitting(node: NodeFacts): string[] {
  const axis = node.attribute('axis');
  const sizes = node.settled('split');
  const parts = node.attribute('num_outputs');
  return [
    ...(axis === '' ? [] : [`axis = ${node.axis(axis)}`]),
    ...(sizes === null ? [] : [sizes.join(' + ')]),
    ...(parts === '' ? [] : [`${parts} parts`]),
  ];
}

/** Mode, and the factors or sizes of the axes that change: `nearest · ×2`, `linear · axes 2, 3: 15 × 16`. */
export function resizing(node: NodeFacts): string[] {
  return [node.attribute('mode') || 'nearest', ...(scaling(node) ?? sizing(node))];
}

function scaling(node: NodeFacts): string[] | null {
  const scales = node.settled('scales');
  if (scales === null || scales.length === 0) return null;
  const chosen = node.list('axes');
  const said = scales.flatMap((scale, i): [string, string][] =>
    Number(scale) === 1 ? [] : [[chosen[i] ?? String(i), `×${scale}`]],
  );
  const [only, ...more] = new Set(said.map(([, text]) => text));
  const isSpatial = said.length === scales.length - 2 || said.length === chosen.length;
  return only !== undefined && more.length === 0 && isSpatial ? [only] : byAxis(node, said);
}

/** Batch and channels stay as they are, so that the rest is the new size. */
function sizing(node: NodeFacts): string[] {
  const sizes = node.settled('sizes') ?? [];
  const spatial = node.attribute('axes') === '' ? sizes.slice(2) : sizes;
  return spatial.length === 0 ? [] : [`to ${spatial.join('×')}`];
}
