import { compose, type Affine, columnCount } from '../../adapt/maps/affine.ts';
import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import { provenanceOf, type ProvenanceStep } from '../../adapt/report/provenance.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Dim, Model, ValueInfo } from '../../formats/onnx/model.ts';
import { countOf } from '../../text/numbers.ts';

/** How one input of the original follows from the adapted model's: `x_old = map · x_new` along `axis`. */
export interface MappedInput {
  readonly name: string;
  readonly axis: number;
  readonly map: Affine;
}

export interface InputMaps {
  readonly inputs: readonly MappedInput[];
  /** Set where the file doesn't say what was done. */
  readonly assumption: string | null;
  /** Steps between the two models, oldest first; empty when none are recorded. */
  readonly steps: readonly ProvenanceStep[];
  /** Tensors the steps claim to be equal. A hint, never trusted. */
  readonly hint: ReadonlySet<string> | null;
}

/** Rows, columns and channels. */
const MIN_IMAGE_RANK = 3;
/** No sensor has more channels; a larger matrix in a file is damage. */
const MAX_CHANNELS = 4096;

/**
 * The map that the user names, for models without a record: it holds for every input whose sizes differ as its matrix
 * says, or, where it keeps the number of channels, for every image of that many. Throws `refused` where no input fits.
 */
export function givenMap(original: Model, adapted: Model, { matrix, shift }: ChannelMap): InputMaps {
  const [rows, columns] = [matrix.length, columnCount(matrix)];
  const inputs = adapted.graph.inputs.flatMap((input): MappedInput[] => {
    const [was, now] = [dims(original.graph.inputs.find((i) => i.name === input.name)), dims(input)];
    if (!was || !now || was.length !== now.length || now.length < MIN_IMAGE_RANK) return [];
    const mayHoldChannels = (axis: number): boolean => rows !== columns || axis === 1 || axis === now.length - 1;
    const axis = now.findIndex((size, i) => was[i] === rows && size === columns && mayHoldChannels(i));
    return axis < 0 ? [] : [{ name: input.name, axis, map: { m: matrix.map((row) => [...row]), b: [...shift] } }];
  });
  if (!inputs.length)
    throw unrelated(
      `No input takes ${rows} channels in the original and ${columns} in the adapted model, as the map that was ` +
        'given says.',
    );
  return {
    inputs,
    assumption: `Checked under the map that was given, on ${inputs.map((i) => `\`${i.name}\``).join(', ')}.`,
    steps: [],
    hint: null,
  };
}

/**
 * The channel maps between two models: from the steps the adapted one records beyond the original's, else, for
 * grayscale only, from the inputs' dims. Throws `refused` where the models don't belong together.
 */
export function inputMaps(original: Model, adapted: Model): InputMaps {
  const before = provenanceOf(original);
  const all = provenanceOf(adapted);
  const shared = before.every((step, i) => JSON.stringify(step) === JSON.stringify(all[i]));
  const steps = shared ? all.slice(before.length) : [];
  if (!shared && all.length)
    throw unrelated(
      'The adapted model records steps that did not start from this original; give the file it was made from.',
    );
  if (!steps.length) return assumed(original, adapted);
  const maps = new Map<string, MappedInput>();
  for (const step of steps) {
    for (const input of step.inputs) {
      const next = checked(input, adapted);
      const known = maps.get(next.name);
      if (known && (known.axis !== next.axis || columnCount(known.map.m) !== next.map.m.length))
        throw unrelated(`The recorded steps for input \`${next.name}\` don't fit each other.`);
      maps.set(next.name, known ? { ...next, map: compose(known.map, next.map) } : next);
    }
  }
  for (const mapped of maps.values()) fits(original, adapted, mapped);
  return { inputs: [...maps.values()], assumption: null, steps, hint: new Set(steps.at(-1)?.seam ?? []) };
}

/** What a file records is checked like anything else in it. */
function checked(input: unknown, adapted: Model): MappedInput {
  const { name, axis, matrix, shift } = (input ?? {}) as Record<string, unknown>;
  const numbers = (v: unknown, length: number): v is number[] =>
    Array.isArray(v) && v.length === length && v.every((n) => typeof n === 'number' && Number.isFinite(n));
  const rows = Array.isArray(matrix) ? (matrix as unknown[]) : [];
  const width = Array.isArray(rows[0]) ? rows[0].length : 0;
  const good =
    typeof name === 'string' &&
    Number.isSafeInteger(axis) &&
    (axis as number) >= 0 &&
    rows.length > 0 &&
    rows.length <= MAX_CHANNELS &&
    width > 0 &&
    width <= MAX_CHANNELS &&
    rows.every((row) => numbers(row, width)) &&
    numbers(shift, rows.length);
  if (!good) throw unrelated('What the adapted model records about its adaptation is damaged.');
  const declared = adapted.graph.inputs.find((i) => i.name === name);
  if (!declared)
    throw unrelated(`The adapted model records a change to input \`${name as string}\`, which it doesn't have.`);
  return { name: name as string, axis: axis as number, map: { m: rows as number[][], b: shift as number[] } };
}

function fits(original: Model, adapted: Model, { name, axis, map }: MappedInput): void {
  const size = (model: Model): Dim | undefined => dims(model.graph.inputs.find((i) => i.name === name))?.[axis];
  const was = size(original);
  if (!original.graph.inputs.some((i) => i.name === name) || (typeof was === 'number' && was !== map.m.length)) {
    throw unrelated(
      `The adapted model was made from one whose input \`${name}\` takes ${countOf(map.m.length, 'channel')}; this original ` +
        'is another model.',
    );
  }
  const now = size(adapted);
  if (typeof now === 'number' && now !== columnCount(map.m))
    throw unrelated(
      `Input \`${name}\` of the adapted model takes ${countOf(now, 'channel')}, but its record says ${columnCount(map.m)}.`,
    );
}

function dims(value: ValueInfo | undefined): readonly Dim[] | null {
  return value?.type?.kind === 'tensor' ? value.type.dims : null;
}

/** Without a record: where one axis of an input became 1, its one channel is taken to stand for all. */
function assumed(original: Model, adapted: Model): InputMaps {
  const inputs: MappedInput[] = [];
  const stored = new Set(adapted.graph.initializers.map((initializer) => initializer.name));
  for (const input of adapted.graph.inputs) {
    if (stored.has(input.name)) continue;
    const was = dims(original.graph.inputs.find((i) => i.name === input.name));
    const now = dims(input);
    if (!was && !now && original.graph.inputs.some((i) => i.name === input.name)) continue;
    if (!was || !now || was.length !== now.length)
      throw unrelated(
        `Input \`${input.name}\` of the adapted model has no counterpart of the same rank in the original.`,
      );
    const [axis, ...others] = changedAxes(was, now);
    if (axis === undefined) continue;
    const channels = was[axis];
    const isGray = others.length === 0 && now[axis] === 1;
    if (!isGray || typeof channels !== 'number' || channels > MAX_CHANNELS)
      throw unrelated(
        `Input \`${input.name}\` is ${text(was)} in the original and ${text(now)} in the adapted model, and no ` +
          'record says how they belong together.',
      );
    const zeros = new Array<number>(channels).fill(0);
    inputs.push({ name: input.name, axis, map: { m: zeros.map(() => [1]), b: zeros } });
  }
  const assumption = inputs.length
    ? 'No record says how the models belong together; assumed that the one channel of ' +
      `${inputs.map((i) => `\`${i.name}\``).join(', ')} stands for all ${inputs[0]?.map.m.length}.`
    : 'The inputs are the same in both models, so both get the same numbers.';
  return { inputs, assumption, steps: [], hint: null };
}

/** The axes whose sizes are known in both, and others. */
function changedAxes(was: readonly Dim[], now: readonly Dim[]): number[] {
  return now.flatMap((dim, axis) => {
    const before = was[axis];
    return typeof dim === 'number' && typeof before === 'number' && dim !== before ? [axis] : [];
  });
}

function text(list: readonly Dim[]): string {
  return `[${list.map((dim) => dim ?? '?').join(', ')}]`;
}

function unrelated(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'unrelated', message);
}
