import { columnCount, isDiagonal } from '../maps/affine.ts';

type Shape = readonly (number | null)[];

/** A tensor by the layer that makes it. */
export interface Made {
  readonly name: string;
  readonly shape: Shape;
}

type UpSampling = 'UpSampling1D' | 'UpSampling2D' | 'UpSampling3D';

/** A layer that Keras has, without weights. */
export interface NewLayer {
  readonly className: 'Concatenate' | 'Permute' | UpSampling | 'Cropping2D' | 'Rescaling' | 'Add';
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What it reads: the input, or layers in front of it. */
  readonly inputs: readonly Made[];
  /** What it gives, the batch included. */
  readonly shape: Shape;
}

/** What the layers make the old image of. */
export interface RebuiltImage {
  /** The new image. */
  readonly input: Made;
  /** Old × new. */
  readonly matrix: readonly (readonly number[])[];
  readonly shift: readonly number[];
  readonly channelsFirst: boolean;
  /** A Sequential has no branches. */
  readonly isSequential: boolean;
  /** A name that the network does not use, from a suggestion. */
  fresh(name: string): string;
}

/**
 * Layers behind an input that make x_old[c] = Σ_k M[c, k] · x_new[k] + b[c] of it, in order; null where Keras's layers
 * without weights can't say it in that kind of model. The last one gives the old image.
 */
export function rebuiltLayers(image: RebuiltImage): readonly NewLayer[] | null {
  if (!image.channelsFirst || isCopied(image)) return rebuiltLast(image);
  if (image.input.shape.length !== IMAGE_RANK) return null;
  // Layers that scale and join channels take them last; the image is turned in front of them and back behind.
  const before = new Chain(image);
  const turned = before.permute(TO_LAST, image.input);
  const inner = rebuiltLast({ ...image, input: turned, channelsFirst: false });
  const last = inner?.at(-1);
  if (!inner || !last) return null;
  const after = new Chain(image);
  after.permute(TO_FIRST, last);
  return [...before.layers, ...inner, ...after.layers];
}

/** [batch, channels, height, width] as [batch, height, width, channels] and back; axes are counted from 1. */
const TO_LAST = [2, 3, 1];
const TO_FIRST = [3, 1, 2];
/** Layers that move and cut channels know images of two axes, not videos or volumes. */
const IMAGE_RANK = 4;

/** What repeats along the axes between the batch and the last one, by the rank: series, images, videos and volumes. */
const UP_SAMPLING: Readonly<Record<number, UpSampling>> = { 3: 'UpSampling1D', 4: 'UpSampling2D', 5: 'UpSampling3D' };

/** Every old channel is the one new channel. */
function isCopied({ matrix, shift }: RebuiltImage): boolean {
  return matrix.every((row) => row.length === 1 && row[0] === 1) && shift.every((b) => b === 0);
}

function rebuiltLast(image: RebuiltImage): readonly NewLayer[] | null {
  const chain = new Chain(image);
  const { matrix, shift } = image;
  const isImage = image.input.shape.length === IMAGE_RANK;
  const isUnscaled = shift.every((b) => b === 0);
  const width = columnCount(matrix);
  if (width === 1) {
    if (image.isSequential && !UP_SAMPLING[image.input.shape.length]) return null;
    chain.repeat(matrix.length);
    const factors = matrix.map((row) => row[0] ?? 0);
    if (!isCopied(image)) chain.rescale(factors, shift);
    return chain.layers;
  }
  if (isDiagonal(matrix)) {
    chain.rescale(
      matrix.map((row, c) => row[c] ?? 0),
      shift,
    );
    return chain.layers;
  }
  const start = selectionStart(matrix);
  if (start !== null && isUnscaled && isImage) {
    chain.select(start, matrix.length, width);
    return chain.layers;
  }
  if (image.isSequential || !isImage) return null;
  chain.mix();
  if (!isUnscaled)
    chain.rescale(
      matrix.map(() => 1),
      shift,
    );
  return chain.layers;
}

/** The first of neighbouring new channels that are the old ones in their order; null where they are something else. */
function selectionStart(matrix: RebuiltImage['matrix']): number | null {
  const start = matrix[0]?.findIndex((factor) => factor !== 0) ?? -1;
  const isSelection = matrix.every((row, c) => row.every((factor, k) => factor === (k === c + start ? 1 : 0)));
  return isSelection && start >= 0 ? start : null;
}

/** Layers one behind the other; each reads the last one. */
class Chain {
  readonly layers: NewLayer[] = [];
  private readonly image: RebuiltImage;
  private last: Made;

  constructor(image: RebuiltImage) {
    this.image = image;
    this.last = image.input;
  }

  private add(
    className: NewLayer['className'],
    config: NewLayer['config'],
    { shape, inputs = [this.last] }: { readonly shape: Shape; readonly inputs?: readonly Made[] },
  ): Made {
    const layer = { className, name: this.image.fresh(`channels_${className.toLowerCase()}`), config, inputs, shape };
    this.layers.push(layer);
    this.last = layer;
    return layer;
  }

  /** The axes behind the batch, counted from 1, in another order. */
  permute(dims: readonly number[], input: Made): Made {
    const shape = [input.shape[0] ?? null, ...dims.map((axis) => input.shape[axis] ?? null)];
    return this.add('Permute', { dims }, { shape, inputs: [input] });
  }

  /** One channel as often as the old image had channels. */
  repeat(count: number): void {
    const { input, isSequential, channelsFirst } = this.image;
    const axis = channelsFirst ? 1 : input.shape.length - 1;
    if (!isSequential) {
      const shape = withSize(input.shape, axis, count);
      this.add('Concatenate', { axis: channelsFirst ? 1 : -1 }, { shape, inputs: new Array<Made>(count).fill(input) });
      return;
    }
    if (channelsFirst) {
      this.upSample(input, axis, count);
      return;
    }
    // Up-sampling leaves the last axis, so the channel changes places with the one in front of it.
    const dims = input.shape.map((_, i) => i).slice(1);
    const turned = [...dims.slice(0, -2), axis, axis - 1];
    this.permute(turned, this.upSample(this.permute(turned, input), axis - 1, count));
  }

  /** An axis of one entry as often as `count` says; it is not the last one. */
  private upSample(input: Made, axis: number, count: number): Made {
    const { length: rank } = input.shape;
    const className = UP_SAMPLING[rank] ?? 'UpSampling2D';
    const size = Array.from({ length: rank - 2 }, (_, i) => (i + 1 === axis ? count : 1));
    const config = {
      size: rank === 3 ? count : size,
      ...(rank > 3 && { data_format: 'channels_last' }),
      ...(rank === 4 && { interpolation: 'nearest' }),
    };
    return this.add(className, config, { shape: withSize(input.shape, axis, count), inputs: [input] });
  }

  /** x · scale + offset, by channel, channels last. */
  rescale(scale: readonly number[], offset: readonly number[]): void {
    this.add('Rescaling', { scale, offset }, { shape: this.last.shape });
  }

  /** Neighbouring channels out of more. */
  select(start: number, count: number, width: number): void {
    this.columns(this.permute([1, 3, 2], this.image.input), { start, count, width });
  }

  private columns(turned: Made, { start, count, width }: { start: number; count: number; width: number }): Made {
    const cropping = [
      [0, 0],
      [start, width - start - count],
    ];
    const config = { cropping, data_format: 'channels_last' };
    const shape = withSize(turned.shape, 2, count);
    return this.permute([1, 3, 2], this.add('Cropping2D', config, { shape, inputs: [turned] }));
  }

  /** Each old channel as a sum of new ones. */
  mix(): void {
    const { matrix } = this.image;
    const channels = this.single(columnCount(matrix));
    const made = matrix.map((row) => {
      const terms = channels.flatMap((channel, k) => {
        const factor = row[k] ?? 0;
        return factor === 0 ? [] : [this.scaled(channel, factor)];
      });
      const [only = this.scaled(this.last, 0)] = terms;
      return terms.length > 1 ? this.add('Add', {}, { shape: only.shape, inputs: terms }) : only;
    });
    const shape = withSize(this.image.input.shape, this.image.input.shape.length - 1, made.length);
    this.add('Concatenate', { axis: -1 }, { shape, inputs: made });
  }

  private scaled(channel: Made, factor: number): Made {
    if (factor === 1) return channel;
    return this.add('Rescaling', { scale: factor, offset: 0 }, { shape: channel.shape, inputs: [channel] });
  }

  /** Every new channel by itself: a column that is cut out. */
  private single(width: number): Made[] {
    const turned = this.permute([1, 3, 2], this.image.input);
    return Array.from({ length: width }, (_, start) => this.columns(turned, { start, count: 1, width }));
  }
}

function withSize(shape: Shape, axis: number, size: number): Shape {
  return shape.map((dim, i) => (i === axis ? size : dim));
}
