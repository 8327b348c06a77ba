import { ChannelwiseError, isRefusal } from '../../bytes/errors.ts';
import type { Graph, Model, ValueInfo } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { attempt, better, type Attempt, type AttemptRequest } from '../flow/attempt.ts';
import type { ExpandedModel } from '../flow/inline.ts';
import type { Knowledge } from '../flow/known.ts';
import type { Walk } from '../flow/walk.ts';
import { unit } from '../maps/affine.ts';
import { affine, foldRepeats, type ChannelMap, newChannels } from '../maps/channelMap.ts';
import { candidates, realInputs, typeText, type Candidate } from './candidates.ts';
import { alreadyGray, noImageInput } from './noImageInput.ts';
import { parametersOf } from './parameters.ts';
import type { FlowingInput } from '../flow/flow.ts';
import { countOf } from '../../text/numbers.ts';

/** Which inputs take the map. */
export interface InputChoice extends Omit<AttemptRequest, 'inputs' | 'knowledge' | 'model'> {
  readonly ctx: TensorContext;
  readonly model: Model;
  readonly map: ChannelMap;
  /** These only, taken for images where an axis has the right size; all image inputs when absent. */
  readonly inputs?: readonly string[] | undefined;
  /** The axis that holds the channels, where several may. */
  readonly axis?: number | undefined;
}

/**
 * Inputs that are tried: each one alone, which walks the whole graph. The caches of the largest language models are
 * some hundred inputs beside the image.
 */
const MAX_TRIED = 1024;

/**
 * So many inputs of open sizes are tried with their channels counted in; each needs all shapes inferred again. Of more,
 * what they are adapted to is known only once they are chosen.
 */
const MAX_SIZED = 16;

/** A choice while it is made. */
interface Choosing extends Omit<InputChoice, 'model'> {
  readonly model: ExpandedModel;
  readonly knowledge: Knowledge;
  /** Whether an input counts as having the channels that are tried. */
  readonly sized: boolean;
}

/**
 * A place where an input's channels may lie, and how far the map comes from there. What was made for one input alone is
 * no use beside others, and large.
 */
export interface Tried {
  readonly candidate: Candidate;
  readonly made: Attempt | null;
}

/** A place that something confirms. */
interface Place {
  readonly candidate: Candidate;
  readonly made: Attempt;
}

/**
 * Tries the places where channels may lie, one input at a time, and keeps the one whose map folds best. Throws
 * `refused` where there is none, or two are as good.
 */
export async function chooseInputs(
  choice: InputChoice,
  { model, knowledge }: Pick<AttemptRequest, 'model' | 'knowledge'>,
): Promise<Tried[]> {
  const { map, inputs } = choice;
  const real = realInputs(model.graph);
  const wanted = inputs ? [...new Set(inputs)].map((name) => named(real, name)) : withoutParameters(model.graph, real);
  const possible = wanted.filter((input) => placesOf(choice, input).length);
  if (possible.length === 0) requireAxis(choice, wanted);
  if (possible.length > MAX_TRIED)
    throw new ChannelwiseError(
      'refused',
      'too-many-inputs',
      `${possible.length} inputs may take images, more than the ${MAX_TRIED} that are tried; name the inputs to adapt.`,
    );
  const open = possible.filter((input) => !placesOf(choice, input).every((place) => place.certain));
  const choosing = { ...choice, model, knowledge, sized: open.length <= MAX_SIZED };
  const chosen: Tried[] = [];
  let failure: ChannelwiseError | null = null;
  for (const input of possible) {
    const places: Place[] = [];
    for (const candidate of placesOf(choice, input)) {
      const made = await tried(choosing, candidate);
      if (made instanceof ChannelwiseError) failure ??= made;
      else if (made) places.push({ candidate, made });
    }
    const best = bestPlace(input, places);
    const reusable = best && choosing.sized && !chosen.length;
    if (best) chosen.push(reusable ? best : { candidate: best.candidate, made: null });
  }
  if (chosen.length) return inputs ? chosen : withoutSinglePixels(chosen);
  const gray = await repeatedInside(choosing, wanted);
  throw failure ?? (gray ? alreadyGray(gray, 'repeats-inside') : noImageInput(wanted, map));
}

/** Weights that are fed beside an image may have its channels too, and are none. */
function withoutParameters(graph: Graph, real: readonly ValueInfo[]): readonly ValueInfo[] {
  const isParameter = parametersOf(graph);
  const others = real.filter(({ name }) => !isParameter(name));
  return others.length ? others : real;
}

/** A mean, a deviation or a gain that is fed beside an image has its rank: one pixel, which goes on as it was. */
function withoutSinglePixels(chosen: readonly Tried[]): Tried[] {
  const images = chosen.filter(({ candidate }) => !isSinglePixel(candidate));
  return images.length ? images : [...chosen];
}

/** Axis 0 is the batch, which may be of any size. */
function isSinglePixel({ dims, axis }: Candidate): boolean {
  return dims.every((dim, i) => i === 0 || i === axis || dim === 1);
}

/** Throws where the axis that was asked for is why no input fits. */
function requireAxis({ map, axis }: InputChoice, wanted: readonly ValueInfo[]): void {
  const [place] = wanted.flatMap((input) => placesOf({ map }, input));
  if (axis === undefined || !place) return;
  throw new ChannelwiseError(
    'refused',
    'no-image-input',
    `No input has ${countOf(map.matrix.length, 'channel')} on axis ${axis}: input \`${place.input.name}\` is ` +
      `${typeText(place.input)}, where they may lie on axis ${place.axis}.`,
    { tensor: place.input.name },
  );
}

function placesOf({ map, axis }: Pick<InputChoice, 'map' | 'axis'>, input: ValueInfo): Candidate[] {
  return candidates(input, map.matrix.length).filter((candidate) => axis === undefined || candidate.axis === axis);
}

/**
 * How far the map comes from a place; null where nothing confirms that channels lie there, the reason where the map is
 * refused there.
 */
async function tried(choice: Choosing, candidate: Candidate): Promise<Attempt | ChannelwiseError | null> {
  try {
    const made = await attempt({ ...choice, inputs: [placed(choice, candidate)] });
    return isAsked(choice, candidate) || plausible(candidate, made.walk) || (await confirmed(choice, candidate))
      ? made
      : null;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error;
  }
}

/** The person says that channels lie there: by the input or the axis, by both where the file leaves the size open. */
function isAsked({ inputs, axis }: Choosing, { certain }: Candidate): boolean {
  const [isNamed, isPlaced] = [inputs !== undefined, axis !== undefined];
  return certain ? isNamed || isPlaced : isNamed && isPlaced;
}

function placed({ map, sized }: Choosing, candidate: Candidate): FlowingInput {
  const input = flowing(candidate, map);
  return sized ? input : { ...input, dims: candidate.dims };
}

/** Where the first weights read channels, if they do in one place; else the place whose map folds best. */
function bestPlace(input: ValueInfo, all: readonly Place[]): Place | null {
  const read = all.filter((place) => place.made.walk.folds.length > 0);
  const places = read.length ? read : all;
  const [first = null, ...others] = places;
  if (!first) return null;
  const best = others.reduce((a, b) => (better(b.made.walk, a.made.walk) ? b : a), first);
  const asGood = places.filter(
    (place) => place !== best && place.candidate.certain && !better(best.made.walk, place.made.walk),
  );
  if (!asGood.length || !best.candidate.certain) return best;
  const axes = [best, ...asGood].map((place) => place.candidate.axis).sort((a, b) => a - b);
  throw new ChannelwiseError(
    'refused',
    'ambiguous-axis',
    `Input \`${input.name}\`, ${typeText(input)}, may have its channels on axis ${axes.join(' or ')}, and the ` +
      `model reads all of these alike; say which (\`--axis\`).`,
    { tensor: input.name },
  );
}

function named(real: readonly ValueInfo[], name: string): ValueInfo {
  const found = real.find((i) => i.name === name);
  if (found) return found;
  const known = real.map((i) => `\`${i.name}\` ${typeText(i)}`).join(', ');
  throw new ChannelwiseError(
    'refused',
    'no-such-input',
    `The model has no input \`${name}\`; it has ${known || 'none'}.`,
    { tensor: name },
  );
}

/** Unconfirmed channel axes need a weight that takes the map in; so do series, where three may be anything. */
function plausible(candidate: Candidate, walk: Walk): boolean {
  if (walk.folds.length) return true;
  if (!candidate.certain) return false;
  return (
    candidate.rank > 3 ||
    (candidate.axis !== 1 &&
      candidate.dims.every((dim, i) => i === candidate.axis || typeof dim !== 'number' || dim >= 8))
  );
}

/**
 * A weight that takes the channels in another order confirms the axis, for maps that fold nowhere: everything per
 * channel lets an order through.
 */
async function confirmed(choice: Choosing, candidate: Candidate): Promise<boolean> {
  const channels = choice.map.matrix.length;
  const turned = {
    name: 'turned',
    matrix: Array.from({ length: channels }, (_, c) => unit(channels, (c + 1) % channels)),
    shift: new Array<number>(channels).fill(0),
  };
  const { walk } = await attempt({ ...choice, inputs: [placed({ ...choice, map: turned }, candidate)] });
  return walk.folds.length > 0;
}

/**
 * The input that weights of several channels read as one channel, repeated; null where there is none. Asked only for
 * gray.
 */
async function repeatedInside(choice: Choosing, wanted: readonly ValueInfo[]): Promise<ValueInfo | null> {
  const { map } = choice;
  if (map.matrix.length === 1 || newChannels(map) !== 1) return null;
  for (const input of wanted.slice(0, MAX_TRIED)) {
    for (const candidate of placesOf({ ...choice, map: foldRepeats() }, input)) {
      const made = await tried({ ...choice, map: foldRepeats(), inputs: undefined, axis: undefined }, candidate);
      const repeated =
        made &&
        !(made instanceof ChannelwiseError) &&
        made.walk.folds.some((fold) => `${fold.oldDims}` !== `${fold.newDims}`);
      if (repeated) return input;
    }
  }
  return null;
}

/** An input as the walk takes it. */
export function flowing(candidate: Candidate, map: ChannelMap): FlowingInput {
  return {
    name: candidate.input.name,
    axis: candidate.axis,
    rank: candidate.rank,
    dtype: candidate.dtype,
    dims: candidate.dims.map((dim, i) => (i === candidate.axis ? map.matrix.length : dim)),
    map: affine(map),
  };
}
