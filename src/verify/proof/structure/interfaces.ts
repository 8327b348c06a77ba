import { dtypeName } from '../../../tensors/dtypes.ts';
import type { Dim, ValueInfo, ValueType } from '../../../formats/onnx/model.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { steeringConstants } from '../../../graph/shapes/steering.ts';
import { quoted, quotedList } from '../../names.ts';
import type { Wiring } from '../../wiring.ts';
import type { InputMaps } from '../inputMap.ts';

/** One size of an input or output: where it stands in both models. */
interface SizePair {
  readonly was: Dim;
  readonly now: Dim;
}

/** A declared input or output in both models, and the axis along which it may differ. */
interface ValuePair {
  readonly kind: 'Input' | 'Output';
  readonly was: ValueInfo;
  readonly now: ValueInfo;
  readonly axis: number | null;
}

/**
 * What the adapted model takes or gives otherwise than the original, as sentences: inputs and outputs missing, added or
 * in another order, other types and ranks, sizes fixed that were open, and sizes tied to one name that were not. Only
 * the channels of an adapted input may differ.
 */
export function interfaceFaults(a: Wiring, b: Wiring, maps: InputMaps): string[] {
  const axes = new Map(maps.inputs.map((input) => [input.name, input.axis]));
  const [was, now] = [[...a.inputs.values()], [...b.inputs.values()]];
  const faults = nameFaults(was, now);
  if (faults.length) return faults;
  const inputs = was.map((input, i): ValuePair => ({
    kind: 'Input',
    was: input,
    now: now[i] ?? input,
    axis: axes.get(input.name) ?? null,
  }));
  const pairs = [...inputs, ...outputPairs(a, b)];
  return [...pairs.flatMap(typeFaults), ...tiedFaults(pairs)];
}

/** Both take and give the same, sizes and their names included. */
export function sameInterface(a: Wiring, b: Wiring): boolean {
  const text = (wiring: Wiring): string =>
    JSON.stringify(
      [[...wiring.inputs.values()], wiring.file.model.graph.outputs].map((list) =>
        list.map((info) => [info.name, info.type]),
      ),
    );
  return text(a) === text(b);
}

/**
 * Types that the adapted model states for its tensors and that don't follow from its nodes, where the original states
 * no such thing.
 */
export async function declarationFaults(a: Wiring, b: Wiring): Promise<string[]> {
  const stated = declaredTypes(a);
  const changed = [...declaredTypes(b)].filter(([name, type]) => stated.get(name) !== type).map(([name]) => name);
  if (!changed.length) return [];
  const { model, ctx } = b.file;
  const { contradictions } = inferShapes(model, { constants: await steeringConstants(model, ctx) });
  const suspects = new Set(changed);
  return contradictions
    .filter((contradiction) => contradiction.scope === '' && suspects.has(contradiction.tensor))
    .map(
      (contradiction) =>
        `The adapted model declares \`${quoted(contradiction.tensor)}\` otherwise than its nodes make it: ` +
        `${contradiction.message}`,
    );
}

function declaredTypes({ file }: Wiring): Map<string, string> {
  const { valueInfo, outputs } = file.model.graph;
  return new Map([...valueInfo, ...outputs].map((info) => [info.name, JSON.stringify(info.type)]));
}

function nameFaults(was: readonly ValueInfo[], now: readonly ValueInfo[]): string[] {
  const [before, after] = [was.map((info) => info.name), now.map((info) => info.name)];
  const [known, found] = [new Set(before), new Set(after)];
  const added = after.filter((name) => !known.has(name));
  const missing = before.filter((name) => !found.has(name));
  if (added.length) return [`The adapted model needs an input more than the original: ${quotedList(added)}.`];
  if (missing.length) return [`The adapted model lacks an input of the original: ${quotedList(missing)}.`];
  if (before.some((name, i) => name !== after[i])) return ['The inputs stand in another order.'];
  return [];
}

/** Outputs of the same name. Missing ones and their order are the seam's business. */
function outputPairs(a: Wiring, b: Wiring): ValuePair[] {
  const known = new Map(a.file.model.graph.outputs.map((output) => [output.name, output]));
  return b.file.model.graph.outputs.flatMap((now): ValuePair[] => {
    const was = known.get(now.name);
    return was ? [{ kind: 'Output', was, now, axis: null }] : [];
  });
}

function typeFaults({ kind, was, now, axis }: ValuePair): string[] {
  const label = `${kind} \`${quoted(was.name)}\``;
  const [old, own] = [was.type, now.type];
  if (!old || !own) return old && !own ? [`${label} has no declared type any more.`] : [];
  if (old.kind !== 'tensor' || own.kind !== 'tensor')
    return JSON.stringify(old) === JSON.stringify(own) ? [] : [`${label} is declared as something else now.`];
  if (old.dtype !== own.dtype) return [`${label} is ${dtypeName(own.dtype)} now, not ${dtypeName(old.dtype)}.`];
  if (!old.dims || !own.dims) return [];
  if (old.dims.length !== own.dims.length) return [`${label} has ${own.dims.length} axes now, not ${old.dims.length}.`];
  const fixed = sizePairs(old, own, axis).find((size) => typeof size.now === 'number' && size.now !== size.was);
  if (!fixed) return [];
  const before = typeof fixed.was === 'number' ? String(fixed.was) : 'any size';
  return [`${label} is ${fixed.now} along one axis, where the original has ${before}.`];
}

function sizePairs(was: ValueType, now: ValueType, axis: number | null): SizePair[] {
  if (was.kind !== 'tensor' || now.kind !== 'tensor') return [];
  const known = was.dims;
  return (now.dims ?? []).flatMap((size, i) => (i === axis ? [] : [{ was: known?.[i] ?? null, now: size }]));
}

/** One name for several sizes says that they are equal. */
function tiedFaults(pairs: readonly ValuePair[]): string[] {
  const meanings = new Map<string, { was: Dim; label: string }>();
  for (const { was, now, axis } of pairs) {
    if (!was.type || !now.type) continue;
    for (const size of sizePairs(was.type, now.type, axis)) {
      if (typeof size.now !== 'string') continue;
      const first = meanings.get(size.now);
      if (!first) meanings.set(size.now, { was: size.was, label: was.name });
      else if (first.was !== size.was || size.was === null)
        return [
          `The adapted model ties sizes of \`${quoted(first.label)}\` and \`${quoted(was.name)}\` to one name, ` +
            `\`${quoted(size.now)}\`, that the original leaves apart.`,
        ];
    }
  }
  return [];
}
