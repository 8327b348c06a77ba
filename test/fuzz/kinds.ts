import { kerasFormat } from '../../src/formats/keras/format.ts';
import { safetensorsFormat } from '../../src/formats/safetensors/format.ts';
import type { Random } from '../fixtures/random.ts';
import { checkInput } from './check.ts';
import { fuzzCorpus } from './corpus.ts';
import { checkFile } from './files/check.ts';
import { kerasCorpus, kerasInput } from './files/kerasInput.ts';
import { safetensorsInput } from './files/safetensorsInput.ts';
import { fuzzInput } from './mutate.ts';
import { checkTorch } from './torch/check.ts';
import { torchInput } from './torch/input.ts';
import { checkVerbs } from './verbs/check.ts';
import { verbsInput } from './verbs/input.ts';

/** One family of files: how an input is made from its numbers, and what must hold for it. */
export interface FuzzKind {
  /** What failed inputs are saved as. */
  readonly ending: string;
  readonly input: (seed: number, index: number) => Uint8Array;
  /** Returns how far the input came; throws where an invariant breaks. */
  readonly check: (bytes: Uint8Array, random: Random) => Promise<string>;
}

/** A kind's corpus is made when it is asked for. */
export const FUZZ_KINDS = {
  onnx: (): FuzzKind => {
    const corpus = fuzzCorpus();
    return { ending: '.onnx', input: (seed, index) => fuzzInput(corpus, seed, index), check: checkInput };
  },
  verbs: (): FuzzKind => {
    const corpus = fuzzCorpus();
    return { ending: '.onnx', input: (seed, index) => verbsInput(corpus, seed, index), check: checkVerbs };
  },
  torch: (): FuzzKind => ({ ending: '.pth', input: torchInput, check: checkTorch }),
  safetensors: (): FuzzKind => ({
    ending: '.safetensors',
    input: safetensorsInput,
    check: (bytes, random) => checkFile(safetensorsFormat, bytes, random),
  }),
  keras: (): FuzzKind => {
    const corpus = kerasCorpus();
    return {
      ending: '.keras',
      input: (seed, index) => kerasInput(corpus, seed, index),
      check: (bytes, random) => checkFile(kerasFormat, bytes, random),
    };
  },
} as const;

export type FuzzKindName = keyof typeof FUZZ_KINDS;

export function isFuzzKind(name: string): name is FuzzKindName {
  return Object.hasOwn(FUZZ_KINDS, name);
}
