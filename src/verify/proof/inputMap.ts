import { compose, type Affine, columnCount } from '../../adapt/maps/affine.ts';
import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import { mapOfRecord } from '../../adapt/maps/mapOfRecord.ts';
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
  const map = mapOfRecord(matrix, shift, MAX_CHANNELS);
  if (typeof name !== 'string' || !isCount(axis) || !map)
    throw unrelated('What the adapted model records about its adaptation is damaged.');
  const isDeclared = adapted.graph.inputs.some((declared) => declared.name === name);
  if (!isDeclared) throw unrelated(`The adapted model records a change to input \`${name}\`, which it doesn't have.`);
  return { name, axis, map };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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
