import type { Painter } from '../proof/measure/sample.ts';
import { product, stridesOf } from '../../tensors/dims.ts';

/** A decoded picture: 8 bits each of red, green, blue, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/**
 * Bilinear resize with antialiasing: a triangle filter as wide as the shrinking needs, columns first, then rows, each
 * pass rounded to 8 bits. The same definition as Pillow's `resize(…, BILINEAR)` and torchvision's on PIL images;
 * Pillow's fixed-point weights may differ by one level.
 */
export function resize(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const narrow = pass(picture.rgb, picture.width, width, {
    lines: picture.height,
    step: 3,
    stride: picture.width * 3,
    outStep: 3,
    outStride: width * 3,
  });
  const rgb = pass(narrow, picture.height, height, {
    lines: width,
    step: width * 3,
    stride: 3,
    outStep: width * 3,
    outStride: 3,
  });
  return { width, height, rgb };
}

/** How samples lie in memory: `step` between neighbours in a line, `stride` between lines. */
interface Lines {
  readonly lines: number;
  readonly step: number;
  readonly stride: number;
  readonly outStep: number;
  readonly outStride: number;
}

function pass(from: Uint8Array, size: number, wanted: number, at: Lines): Uint8Array {
  if (size === wanted) return from;
  const out = new Uint8Array(at.lines * wanted * 3);
  const scale = size / wanted;
  const support = Math.max(1, scale);
  for (let i = 0; i < wanted; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(size, Math.floor(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, x) =>
      Math.max(0, 1 - Math.abs((x + first - centre + 0.5) / support)),
    );
    const sum = weights.reduce((s, w) => s + w, 0) || 1;
    for (let line = 0; line < at.lines; line++) {
      for (let c = 0; c < 3; c++) {
        let v = 0;
        for (let x = 0; x < weights.length; x++)
          v += (weights[x] ?? 0) * (from[line * at.stride + (first + x) * at.step + c] ?? 0);
        out[line * at.outStride + i * at.outStep + c] = Math.floor(v / sum + 0.5);
      }
    }
  }
  return out;
}

/** The middle of a picture; where it is smaller than asked, it is enlarged first so that it fills. */
export function centerCrop(picture: Picture, width: number, height: number): Picture {
  const grow = Math.max(1, width / picture.width, height / picture.height);
  const from =
    grow > 1
      ? resize(
          picture,
          Math.max(width, Math.round(picture.width * grow)),
          Math.max(height, Math.round(picture.height * grow)),
        )
      : picture;
  const left = halfEven((from.width - width) / 2);
  const top = halfEven((from.height - height) / 2);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * from.width + left) * 3;
    rgb.set(from.rgb.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, rgb };
}

/** Python's round, which torchvision's CenterCrop uses: halves go to the even neighbour. */
function halfEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

/** The middle of a picture, as a square of `side` pixels. */
export function thumbnail(picture: Picture, side: number): Picture {
  return centerCrop(resizeShorter(picture, side), side, side);
}

/** Makes the shorter side `side` pixels long. */
export function resizeShorter(picture: Picture, side: number): Picture {
  const { width, height } = picture;
  return width <= height
    ? resize(picture, side, Math.max(1, Math.floor((side * height) / width)))
    : resize(picture, Math.max(1, Math.floor((side * width) / height)), side);
}

/** ITU-R BT.601 luma with 16-bit weights, the values Pillow's `convert('L')` gives. */
export function luma(picture: Picture): Uint8Array {
  const out = new Uint8Array(picture.width * picture.height);
  const { rgb } = picture;
  for (let i = 0; i < out.length; i++)
    out[i] = Math.floor(
      ((rgb[3 * i] ?? 0) * 19595 + (rgb[3 * i + 1] ?? 0) * 38470 + (rgb[3 * i + 2] ?? 0) * 7471 + 32768) / 65536,
    );
  return out;
}

/** Fills inputs of any size with a picture, 0 to 255: gray for one channel, else red, green, blue in turn. */
export function picturePainter(picture: Picture): Painter {
  return (dims, axis) => {
    const spatial = dims
      .map((_, i) => i)
      .filter((i) => i !== axis && !(i === 0 && dims.length > 3))
      .slice(-2);
    const [yAxis = -1, xAxis = -1] = spatial;
    const height = dims[yAxis] ?? 1;
    const width = dims[xAxis] ?? 1;
    const fitted = resize(picture, width, height);
    const gray = luma(fitted);
    const channels = dims[axis] ?? 1;
    const strides = stridesOf(dims);
    const out = new Float64Array(product(dims));
    const at = (i: number, a: number): number => (a < 0 ? 0 : Math.floor(i / (strides[a] ?? 1)) % (dims[a] ?? 1));
    for (let i = 0; i < out.length; i++) {
      const pixel = at(i, yAxis) * width + at(i, xAxis);
      out[i] = (channels === 1 ? gray[pixel] : fitted.rgb[pixel * 3 + (at(i, axis) % 3)]) ?? 0;
    }
    return out;
  };
}
