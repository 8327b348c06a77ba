import { ARITHMETIC } from './arithmetic.ts';
import type { ConstantRule } from './constantRule.ts';
import { MOVEMENT } from './movement.ts';
import { QUANTISATION } from './quantisation.ts';

/** What exporters leave between stored numbers and a weight or a normalisation. */
export const COMPUTED: Readonly<Record<string, ConstantRule>> = {
  ...MOVEMENT,
  ...ARITHMETIC,
  ...QUANTISATION,
  /** Filled by whoever reads its value. */
  ConstantOfShape: () => null,
};
