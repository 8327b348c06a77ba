import type { MapStep } from '../../jobs/maps/mapSteps.ts';
import { countOf } from '../../text/numbers.ts';
import type { ListItem } from '../window/quickSteps.ts';

/**
 * The channels that a map must give: counts the chosen inputs may have, likeliest first, or any where they declare
 * none.
 */
export interface Wanted {
  readonly channels: readonly number[];
  readonly open: boolean;
}

/** What a choice still asks for. */
export type Asks = 'nothing' | 'bands' | 'normalisation' | 'matrix' | 'file';

/** A map as an item of the list. */
export interface MapChoice extends ListItem {
  readonly id: string;
  readonly description: string;
  /** The model channels it needs; null where any number will do, or any multiple of three. */
  readonly needs: number | 'pictures' | null;
  readonly asks: Asks;
  /** Its steps, model first; what is asked for comes in front of them. */
  readonly steps: readonly MapStep[];
  /** Steps behind what is asked for: `gray` behind a normalisation. */
  readonly then: readonly MapStep[];
}

const preset = (name: string): MapStep => ({ kind: 'preset', name });
const raw = (mean: string, std: string): MapStep => ({ kind: 'normalize', mean, std, scale: '1/255' });
/** torchvision's published training statistics, as in src/adapt/maps/channelMap.ts. */
export const IMAGENET = { mean: '0.485, 0.456, 0.406', std: '0.229, 0.224, 0.225', scale: '1/255' } as const;
const imagenet: MapStep = { kind: 'normalize', ...IMAGENET };

/** What most choices have in common: any number of channels, and nothing more to ask. */
const PLAIN = { needs: null, asks: 'nothing', steps: [], then: [] } as const;

/** Channels of one picture. */
const RGB = 3;

const CHOICES: readonly MapChoice[] = [
  {
    ...PLAIN,
    id: 'pictures',
    label: 'Several pictures in one input, each gray',
    description: 'one channel for each picture',
    needs: 'pictures',
    steps: [{ kind: 'pictures', name: 'gray' }],
  },
  {
    ...PLAIN,
    id: 'gray-depth',
    label: 'Grayscale and a fourth channel that stays',
    description: 'RGB and depth become gray and depth: 4 → 2 channels',
    needs: RGB + 1,
    steps: [{ kind: 'matrix', matrix: '1 0; 1 0; 1 0; 0 1', shift: '' }],
  },
  {
    ...PLAIN,
    id: 'gray',
    label: 'Grayscale',
    description: 'one channel feeds all channels of the model',
    steps: [preset('gray')],
  },
  {
    ...PLAIN,
    id: 'gray-imagenet',
    label: 'Gray pixels 0–255, with built-in ImageNet normalisation',
    description: 'feed one raw channel',
    needs: RGB,
    steps: [imagenet, preset('gray')],
  },
  {
    ...PLAIN,
    id: 'gray-own',
    label: 'Gray pixels, with your own normalisation built in…',
    description: 'feed one raw channel',
    asks: 'normalisation',
    then: [preset('gray')],
  },
  {
    ...PLAIN,
    id: 'bgr',
    label: 'Swap RGB ↔ BGR',
    description: 'the other channel order',
    needs: RGB,
    steps: [preset('bgr')],
  },
  {
    ...PLAIN,
    id: 'drop-alpha',
    label: 'Drop alpha',
    description: 'RGBA images for an RGB model',
    needs: RGB,
    steps: [preset('drop-alpha')],
  },
  {
    ...PLAIN,
    id: 'bands',
    label: 'N bands…',
    description: 'tiled from RGB: a start for fine-tuning, not the same function',
    needs: RGB,
    asks: 'bands',
  },
  {
    ...PLAIN,
    id: 'rgb-from-gray',
    label: 'RGB images for a one-channel model',
    description: 'by BT.601 luma',
    needs: 1,
    steps: [preset('rgb-from-gray')],
  },
  {
    ...PLAIN,
    id: 'raw-imagenet',
    label: 'Raw pixels 0–255, with built-in ImageNet normalisation',
    description: '(pixel/255 − mean) / std',
    needs: RGB,
    steps: [imagenet],
  },
  {
    ...PLAIN,
    id: 'raw-plus-minus-one',
    label: 'Raw pixels 0–255, with built-in scaling to −1…1',
    description: '(pixel/255 − 0.5) / 0.5',
    steps: [raw('0.5', '0.5')],
  },
  {
    ...PLAIN,
    id: 'raw-zero-to-one',
    label: 'Raw pixels 0–255, with built-in scaling to 0…1',
    description: 'pixel/255',
    steps: [raw('0', '1')],
  },
  {
    ...PLAIN,
    id: 'raw-own',
    label: 'Your own normalisation, built in…',
    description: '(pixel · scale − mean) / std',
    asks: 'normalisation',
  },
  { ...PLAIN, id: 'matrix', label: 'Type a matrix and a shift…', description: 'any linear map', asks: 'matrix' },
  {
    ...PLAIN,
    id: 'file',
    label: 'Matrix and shift from a JSON file…',
    description: '{"matrix": [[…], …], "shift": […]}',
    asks: 'file',
  },
];

/**
 * All maps: those that fit the declared channels first, then those that fit only another axis whose size is left open,
 * then the others with the reason why not.
 */
export function mapChoices(wanted: Wanted): {
  readonly items: readonly MapChoice[];
  readonly fits: (mapChoice: MapChoice) => boolean;
} {
  const reasons = new Map(CHOICES.map((mapChoice) => [mapChoice.id, whyNot(mapChoice, wanted)]));
  const fits = (mapChoice: MapChoice): boolean => reasons.get(mapChoice.id) === null;
  const items = CHOICES.map((mapChoice) => {
    const reason = reasons.get(mapChoice.id) ?? null;
    if (reason !== null) return { ...mapChoice, icon: 'circle-slash', description: reason };
    return mapChoice.needs === 'pictures' ? { ...mapChoice, description: picturesText(wanted) } : mapChoice;
  });
  const likely = { channels: wanted.channels.length > 0 ? wanted.channels : [RGB], open: false };
  const rank = (mapChoice: MapChoice): number => {
    if (!fits(mapChoice)) return 2;
    return whyNot(mapChoice, likely) === null ? 0 : 1;
  };
  return { items: items.sort((one, other) => rank(one) - rank(other)), fits };
}

/** Why a map does not fit the inputs, or null when it does. */
function whyNot({ id, needs }: MapChoice, { channels, open }: Wanted): string | null {
  const [count] = channels;
  if (needs === 'pictures' && (open || count !== undefined))
    return picturesIn(channels) === null ? 'for models of 6, 9, 12 … channels' : null;
  if (open) return null;
  if (count === undefined) return 'the chosen inputs take different numbers of channels; choose one';
  if (needs === null) return id.startsWith('gray') && count === 1 ? 'the model takes one channel already' : null;
  if (needs === 'pictures' || channels.includes(needs)) return null;
  return `for models of ${countOf(needs, 'channel')}; this one takes ${count}`;
}

/** How many RGB pictures the likeliest channel count holds; null where it is no whole number above one. */
function picturesIn([count = 0]: readonly number[]): number | null {
  const pictures = count / RGB;
  return Number.isInteger(pictures) && pictures > 1 ? pictures : null;
}

function picturesText({ channels }: Wanted): string {
  const pictures = picturesIn(channels) ?? 0;
  return `${pictures} pictures of three channels, one after the other: ${pictures * RGB} → ${pictures} channels`;
}
