import { joined } from '../bytes/joined.ts';

/**
 * Elements below a byte lie bit behind bit, the first in the lowest bits of the first byte. Four of six bits take three
 * bytes: https://onnx.ai/onnx/technical/float6.html
 */

/** So many elements of `bits` bits begin with a byte and end with one; 1 for elements of whole bytes. */
export function elementsInTurn(bits: number): number {
  let count = 1;
  while ((count * bits) % 8 !== 0) count++;
  return count;
}

/** The bit pattern of an element of fewer than eight bits. */
export function partAt(bytes: Uint8Array, index: number, bits: number): number {
  const first = index * bits;
  const at = Math.floor(first / 8);
  const both = (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  return (both >> (first % 8)) & (2 ** bits - 1);
}

/** Puts the bit pattern of an element of fewer than eight bits in its place. */
export function putPart(bytes: Uint8Array, index: number, bits: number, pattern: number): void {
  const first = index * bits;
  const at = Math.floor(first / 8);
  const both = (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  const changed = (both & ~((2 ** bits - 1) << (first % 8))) | (pattern << (first % 8));
  bytes[at] = changed;
  if (at + 1 < bytes.length) bytes[at + 1] = changed >> 8;
}

/** Puts elements together that come one in a byte, and hands them on as they lie in raw_data. */
export class Packer {
  private readonly bits: number;
  private readonly visit: (bytes: Uint8Array) => void;
  /** Those that don't end with a byte yet. */
  private left = new Uint8Array(0);

  constructor(bits: number, visit: (bytes: Uint8Array) => void) {
    this.bits = bits;
    this.visit = visit;
  }

  add(patterns: Uint8Array): void {
    const all = joined([this.left, patterns]);
    const whole = all.length - (all.length % elementsInTurn(this.bits));
    this.left = all.slice(whole);
    this.pack(all.subarray(0, whole));
  }

  end(): void {
    this.pack(this.left);
    this.left = new Uint8Array(0);
  }

  private pack(patterns: Uint8Array): void {
    if (!patterns.length) return;
    const bytes = new Uint8Array(Math.ceil((patterns.length * this.bits) / 8));
    for (const [i, pattern] of patterns.entries()) putPart(bytes, i, this.bits, pattern % 2 ** this.bits);
    this.visit(bytes);
  }
}
