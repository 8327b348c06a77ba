import type { PageMappedInput } from '../../src/protocol/adaptation.ts';

/** Of a map that computes with the channels: whoever feeds the model must not. */
const INSIDE = 'The map is inside the model; don’t apply it again outside.';

/** How to prepare what is fed to an adapted model, as far as its recorded map tells; empty where it doesn't. */
export function preparationText(said: PageMappedInput): string {
  if (!said.matrix || !said.shift) return '';
  return computes(said) ? INSIDE : 'Prepare each channel as the original wants it.';
}

/** Whether the map does more than to choose, repeat and order channels, as a normalisation does. */
export function computes({ matrix, shift }: PageMappedInput): boolean {
  const isShifted = shift?.some((value) => value !== 0) ?? false;
  const isScaled = matrix?.some((row) => row.some((value) => value !== 0 && value !== 1)) ?? false;
  return isShifted || isScaled;
}
