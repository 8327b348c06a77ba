import { ARITHMETIC } from './arithmetic.ts';
import { MOVEMENT } from './movement.ts';
import type { Evaluate } from './smallTensor.ts';

/** Operators of the standard domain by which models compute sizes, evaluated on what is known. */
export const EVALUATE: Readonly<Record<string, Evaluate>> = { ...ARITHMETIC, ...MOVEMENT };
