import type * as vscode from 'vscode';
import type { MapStep } from '../cli/mapSteps.ts';

/** The channels that a map must give: counts the chosen inputs may have, likeliest first, or any where they declare none. */
export interface Wanted {
  readonly channels: readonly number[];
  readonly open: boolean;
}

/** What a choice still asks for. */
export type Asks = 'nothing' | 'bands' | 'normalisation' | 'matrix' | 'file';

/** A map as an item of the list. */
export interface MapChoice extends vscode.QuickPickItem {
  readonly id: string;
  readonly label: string;
  /** The model channels it needs; null where any number will do. */
  readonly needs: number | null;
  readonly asks: Asks;
  /** Its steps, model first; what is asked for comes in front of them. */
  readonly steps: readonly MapStep[];
  /** Steps behind what is asked for: `gray` behind a normalisation. */
  readonly then: readonly MapStep[];
}

const preset = (name: string): MapStep => ({ kind: 'preset', name });
const raw = (mean: string, std: string): MapStep => ({ kind: 'normalize', mean, std, scale: '1/255' });
/** torchvision's published training statistics, as in src/adapt/channelMap.ts. */
export const IMAGENET = { mean: '0.485, 0.456, 0.406', std: '0.229, 0.224, 0.225', scale: '1/255' } as const;
const imagenet: MapStep = { kind: 'normalize', ...IMAGENET };

const choice = (
  id: string,
  label: string,
  description: string,
  needs: number | null,
  steps: readonly MapStep[],
  asks: Asks = 'nothing',
  then: readonly MapStep[] = [],
): MapChoice => ({ id, label, description, needs, steps, asks, then });

const CHOICES: readonly MapChoice[] = [
  choice('gray', 'Grayscale', 'one channel feeds all channels of the model', null, [preset('gray')]),
  choice('gray-imagenet', 'Gray pixels 0–255, ImageNet normalisation inside', 'feed one raw channel', 3, [
    imagenet,
    preset('gray'),
  ]),
  choice('gray-own', 'Gray pixels, own normalisation inside…', 'feed one raw channel', null, [], 'normalisation', [
    preset('gray'),
  ]),
  choice('bgr', 'Swap RGB ↔ BGR', 'the other channel order', 3, [preset('bgr')]),
  choice('drop-alpha', 'Drop alpha', 'RGBA images for an RGB model', 3, [preset('drop-alpha')]),
  choice('bands', 'N bands…', 'tiled from RGB: a start for fine-tuning, not the same function', 3, [], 'bands'),
  choice('rgb-from-gray', 'RGB images for a one-channel model', 'by BT.601 luma', 1, [preset('rgb-from-gray')]),
  choice('raw-imagenet', 'Raw pixels 0–255, ImageNet normalisation inside', '(pixel/255 − mean) / std', 3, [imagenet]),
  choice('raw-plus-minus-one', 'Raw pixels 0–255, scaled to −1…1 inside', '(pixel/255 − 0.5) / 0.5', null, [
    raw('0.5', '0.5'),
  ]),
  choice('raw-zero-to-one', 'Raw pixels 0–255, scaled to 0…1 inside', 'pixel/255', null, [raw('0', '1')]),
  choice('raw-own', 'Own normalisation inside…', '(pixel · scale − mean) / std', null, [], 'normalisation'),
  choice('matrix', 'Type a matrix and a shift…', 'any linear map', null, [], 'matrix'),
  choice('file', 'Matrix and shift from a JSON file…', '{"matrix": [[…], …], "shift": […]}', null, [], 'file'),
];

/** All maps: those that fit first, the others with the reason why not. */
export function mapChoices(wanted: Wanted): {
  readonly items: readonly MapChoice[];
  readonly fits: (c: MapChoice) => boolean;
} {
  const reasons = new Map(CHOICES.map((c) => [c.id, whyNot(c, wanted)]));
  const fits = (c: MapChoice): boolean => reasons.get(c.id) === null;
  const items = CHOICES.map((c) =>
    fits(c) ? c : { ...c, label: `$(circle-slash) ${c.label}`, description: reasons.get(c.id) ?? '' },
  );
  return { items: [...items.filter(fits), ...items.filter((c) => !fits(c))], fits };
}

function whyNot({ id, needs }: MapChoice, { channels, open }: Wanted): string | null {
  if (!channels.length && !open) return 'the chosen inputs take different numbers of channels; choose one';
  if (open || (needs === null ? !/^gray/.test(id) || channels[0] !== 1 : channels.includes(needs))) return null;
  return needs === null
    ? 'the model takes one channel already'
    : `for models of ${needs} channel${needs === 1 ? '' : 's'}; this one takes ${channels[0]}`;
}
