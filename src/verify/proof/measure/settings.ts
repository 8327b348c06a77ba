/**
 * How the pixels of one run look. Noise shows every weight; smooth and structured pictures are what a model is made
 * for, and what noise never is.
 */
export type PixelKind = 'noise' | 'smooth' | 'edges';

/** What one run is fed: sizes for what the model leaves open, and the range of pixel values. */
export interface Setting {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly low: number;
  readonly high: number;
  readonly pixels: PixelKind;
  /** Whole numbers that are no image are 0, as indices into a batch of one must be; else 1 to 3. */
  readonly zeros?: true;
  /** Sizes that the model fixes stay, however large they are. */
  readonly declared?: true;
}

const UNIT = { low: 0, high: 1, pixels: 'noise' } as const;
const RAW = { low: 0, high: 255, pixels: 'noise' } as const;
const NORMALISED = { low: -2, high: 2, pixels: 'noise' } as const;

/**
 * Sizes that most image models take, small ones first; odd ones show borders and strides. The smallest stand behind
 * them, for models whose results take much memory. Ranges: 0 to 1, raw pixels, normalised.
 */
export const SETTINGS: readonly Setting[] = [
  { batch: 1, height: 64, width: 64, ...UNIT },
  { batch: 2, height: 77, width: 65, ...RAW },
  { batch: 1, height: 96, width: 128, ...NORMALISED },
  { batch: 1, height: 48, width: 192, ...UNIT },
  { batch: 1, height: 128, width: 128, ...RAW },
  { batch: 1, height: 224, width: 224, ...UNIT },
  { batch: 1, height: 32, width: 32, ...UNIT },
  { batch: 1, height: 320, width: 320, ...UNIT },
  { batch: 1, height: 640, width: 640, ...UNIT },
  { batch: 2, height: 24, width: 32, ...RAW },
  { batch: 1, height: 16, width: 16, ...NORMALISED },
  { batch: 1, height: 64, width: 64, ...UNIT, zeros: true },
  { batch: 1, height: 77, width: 65, ...RAW, zeros: true },
  { batch: 1, height: 96, width: 128, ...NORMALISED, zeros: true },
  { batch: 1, height: 64, width: 64, ...UNIT, declared: true },
  { batch: 1, height: 64, width: 64, ...RAW, declared: true },
  { batch: 1, height: 64, width: 64, ...NORMALISED, declared: true },
];

/** For models that somebody else made: larger batches, tall and wide pictures, and the sizes that the model fixes. */
export const WIDER_SETTINGS: readonly Setting[] = [
  { batch: 5, height: 40, width: 232, ...UNIT },
  { batch: 3, height: 232, width: 40, ...RAW, pixels: 'smooth' },
  { batch: 1, height: 64, width: 64, ...UNIT, declared: true },
];

/** The pictures that are tried at a setting that works, beside noise. */
export function picturesAt(setting: Setting): Setting[] {
  return [
    { ...setting, pixels: 'smooth' },
    { ...setting, pixels: 'edges' },
  ];
}
