import { composeMaps, grayscale, normalize, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { ChannelwiseError, isRefusal } from '../../bytes/errors.ts';
import { quoted } from '../names.ts';
import { inputMaps, type MappedInput } from '../proof/inputMap.ts';
import { wholeModel } from '../proof/stem/stem.ts';
import type { Session } from '../session.ts';
import { wiring, type ModelFile, type Wiring } from '../wiring.ts';
import type { EvaluationRun } from './evaluate.ts';
import type { Picture } from './picture.ts';
import {
  colourFeed,
  fitPicture,
  grayFeed,
  grayScaling,
  imageInput,
  repeatedFeed,
  type ImageInput,
  type Preprocessing,
} from './preprocess.ts';
import { refuseMoreInputs, openOnImages } from './imageSession.ts';

/** The models that an evaluation runs. */
export interface EvaluatedPair {
  readonly original: ModelFile;
  readonly adapted: ModelFile;
  readonly mapped: MappedInput;
  /** The original's input. */
  readonly input: ImageInput;
  readonly preprocessing: Preprocessing;
  /** The original under another map, in memory. */
  adapt(map: ChannelMap): Promise<ModelFile>;
}

export interface OpenedRuns {
  readonly runs: readonly EvaluationRun[];
  /** The adapted model sees exactly what the original sees on repeated gray. */
  readonly exact: boolean;
  /** What could not be built, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * How the one gray channel stands for the original's, and what had to be assumed. Throws `refused` where the adapted
 * model takes something else.
 */
export function grayInput(original: ModelFile, adapted: ModelFile): { mapped: MappedInput; assumption: string | null } {
  const maps = inputMaps(original.model, adapted.model);
  const [mapped, ...more] = maps.inputs;
  if (!mapped || more.length || mapped.map.m[0]?.length !== 1) {
    throw new ChannelwiseError(
      'refused',
      'not-gray',
      `The adapted model should take one gray channel where the original takes ${mapped?.map.m.length ?? 3}, in ` +
        'one input; this one does not.',
    );
  }
  return { mapped, assumption: maps.assumption };
}

/** An image input by name. Throws `refused` where there is none, or it takes no images of so many channels. */
export function declaredInput(file: ModelFile, { name, channels, size }: DeclaredInput): ImageInput {
  const value = file.model.graph.inputs.find((i) => i.name === name);
  if (!value)
    throw new ChannelwiseError('refused', 'no-image-input', `There is no input \`${quoted(name)}\`.`, {
      tensor: name,
    });
  return imageInput(value, channels, size);
}

interface DeclaredInput {
  readonly name: string;
  readonly channels: number;
  /** The side of the square, where the model leaves it open. */
  readonly size: number;
}

/**
 * Opens the runs that are compared. Each session goes to `opened`, whose caller closes it, also when this throws: what
 * can't be run, or would take too much.
 */
export async function openRuns(pair: EvaluatedPair, opened: (session: Session) => void): Promise<OpenedRuns> {
  const { original, adapted, mapped, input, preprocessing } = pair;
  const open = async (file: ModelFile, image: ImageInput): Promise<Session> => {
    const session = await openWhole(wiring(file), image);
    opened(session);
    return session;
  };
  const fit = fitOnce(input, preprocessing);
  const runs = originalRuns(pair, await open(original, input), fit);
  const one = declaredInput(adapted, { name: mapped.name, channels: 1, size: preprocessing.size });
  const gray: ImageInput = { ...one, height: input.height, width: input.width };
  const scaling = grayScaling(mapped.map, preprocessing.normalisation);
  runs.push({
    input: mapped.name,
    key: 'adapted',
    title: scaling.exact ? 'adapted model' : 'adapted model, one mean and std',
    session: await open(adapted, gray),
    feed: (picture) => grayFeed(fit(picture), gray, scaling),
  });
  if (scaling.exact) return { runs, exact: true, warnings: [] };
  try {
    const session = await open(await withNormalisation(pair), gray);
    runs.push({
      input: mapped.name,
      key: 'exact',
      title: 'adapted model, built-in normalisation',
      session,
      feed: (picture) => grayFeed(fit(picture), gray, { gain: 1, offset: 0, exact: true }),
    });
    return { runs, exact: false, warnings: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const warning = `The form with built-in normalisation can't be built: ${error.message}`;
    return { runs, exact: false, warnings: [warning] };
  }
}

/** The original on colours, and on gray that is repeated for each of its channels. */
function originalRuns(
  { mapped, input, preprocessing }: EvaluatedPair,
  session: Session,
  fit: (picture: Picture) => Picture,
): EvaluationRun[] {
  const common = { input: mapped.name, session };
  return [
    { ...common, key: 'rgb', title: 'RGB', feed: (picture) => colourFeed(fit(picture), input, preprocessing) },
    {
      ...common,
      key: 'repeated',
      title: 'gray repeated',
      feed: (picture) => repeatedFeed(fit(picture), input, preprocessing),
    },
  ];
}

/** The adapted model that takes raw pixels and normalises them itself, each channel by its own mean and std. */
function withNormalisation(pair: EvaluatedPair): Promise<ModelFile> {
  const channels = pair.mapped.map.m.length;
  return pair.adapt(composeMaps(normalize(pair.preprocessing.normalisation, channels), grayscale(channels)));
}

async function openWhole(model: Wiring, image: ImageInput): Promise<Session> {
  refuseMoreInputs(model, image);
  const { bytes } = await wholeModel(model);
  return openOnImages(bytes, image);
}

/** All runs see the same resized picture, so it is resized once. */
function fitOnce(input: ImageInput, preprocessing: Preprocessing): (picture: Picture) => Picture {
  let last: { from: Picture; to: Picture } | null = null;
  return (from) => {
    if (last?.from !== from) last = { from, to: fitPicture(from, input, preprocessing) };
    return last.to;
  };
}
