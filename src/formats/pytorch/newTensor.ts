import type { FoundTensor } from './checkpoint.ts';

/** A tensor's new sizes and elements, little-endian and row-major, in the type that it has. */
export interface NewTensor {
  readonly found: FoundTensor;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}
