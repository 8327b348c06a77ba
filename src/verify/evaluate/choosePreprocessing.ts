import type { Normalisation } from '../../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Wiring } from '../wiring.ts';
import { ownPreset } from './ownSteps.ts';
import { PREPROCESSINGS, type Preprocessing } from './preprocess.ts';

/** How pictures are prepared, where the user says it. */
export interface PreprocessingChoice {
  /**
   * A preset's name: imagenet, plus-minus-one, zero-to-one, raw. Read from the model's first steps when absent, else
   * imagenet.
   */
  readonly preset?: string | undefined;
  /** Overrides single values of the preset. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly scale?: number | undefined;
  readonly size?: number | undefined;
  /** Stretch pictures to the input instead of cropping their middle. */
  readonly stretch?: boolean | undefined;
  /** The order of the channels; as the model's metadata say when absent, else RGB. */
  readonly order?: 'rgb' | 'bgr' | undefined;
}

export interface ChosenPreprocessing {
  readonly preprocessing: Preprocessing;
  readonly chosen: 'given' | 'read from the model' | 'default';
}

const MAX_SIZE = 4096;
/** https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md: keys and values are case-insensitive. */
const PIXEL_FORMAT = 'image.bitmappixelformat';
const BGR_FORMATS = new Set(['bgr8', 'bgra8']);

/**
 * The preprocessing of a model's pictures: what the user says, else what the model's first steps and metadata call for.
 * Throws `refused` for a preset or size there is not.
 */
export async function choosePreprocessing(
  wiring: Wiring,
  input: string,
  choice: PreprocessingChoice,
): Promise<ChosenPreprocessing> {
  const { preset: wanted, size } = choice;
  const own = wanted === undefined ? await ownPreset(wiring, input) : null;
  const preset = presetNamed(wanted ?? own ?? 'imagenet');
  if (size !== undefined && !(Number.isSafeInteger(size) && size > 0 && size <= MAX_SIZE))
    throw new ChannelwiseError('refused', 'size', `size must be a whole number from 1 to ${MAX_SIZE}.`);
  const { normalisation, isOwn } = chosenNumbers(preset.normalisation, choice);
  const read = own === null ? 'default' : 'read from the model';
  return {
    preprocessing: {
      ...preset,
      name: isOwn ? 'own numbers' : preset.name,
      normalisation,
      size: size ?? preset.size,
      margin: choice.stretch ? null : preset.margin,
      order: choice.order ?? declaredOrder(wiring) ?? preset.order,
    },
    chosen: wanted === undefined && !isOwn ? read : 'given',
  };
}

function presetNamed(name: string): Preprocessing {
  const preset = Object.hasOwn(PREPROCESSINGS, name) ? PREPROCESSINGS[name] : undefined;
  if (preset) return preset;
  throw new ChannelwiseError(
    'refused',
    'preset',
    `There is no preset \`${name}\`; use ${Object.keys(PREPROCESSINGS).join(', ')}.`,
  );
}

/** The preset's numbers with those that the user gave in their place. */
function chosenNumbers(
  preset: Normalisation,
  { mean, std, scale }: PreprocessingChoice,
): { readonly normalisation: Normalisation; readonly isOwn: boolean } {
  return {
    normalisation: { mean: mean ?? preset.mean, std: std ?? preset.std, scale: scale ?? preset.scale },
    isOwn: (mean ?? std ?? scale) !== undefined,
  };
}

/** The order of channels that a model's metadata declare; null where they declare none. */
function declaredOrder({ file }: Wiring): 'bgr' | null {
  const entry = file.model.metadata.find(({ key }) => key.trim().toLowerCase() === PIXEL_FORMAT);
  return entry && BGR_FORMATS.has(entry.value.trim().toLowerCase()) ? 'bgr' : null;
}
