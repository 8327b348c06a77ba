import { Random } from '../../fixtures/random.ts';
import { joinBytes, rawField, utf8 } from '../../fixtures/modelBuilder.ts';
import { fuzzInput } from '../mutate.ts';

const METADATA = 14;
const DEPTH = 20_000;
/**
 * What records about a conversion may look like: sound, deep, of other types, and with texts that do something where
 * they are shown.
 */
const RECORDS: readonly string[] = [
  '[]',
  '{}',
  'null',
  '[[[[',
  '['.repeat(DEPTH),
  `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
  `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
  '[{"version":1,"source":{"name":"[x](command:workbench.action.quit)"},"map":{"name":"gray\\u202e"},"inputs":[],"folds":[],"escapes":[],"seam":[]}]',
  '[{"version":"1","source":{"name":"\\u001b[31m","size":1e999},"map":{"name":"\\u0000"},"inputs":[{"matrix":[[1],[1],[1]]}],"folds":[null],"escapes":[{}],"seam":["x"]}]',
  '[{"version":"1","source":{},"map":{"__proto__":{"name":"x"}},"inputs":"x","folds":{},"escapes":[],"seam":[]}]',
  '9'.repeat(5000),
  `"${'a'.repeat(100_000)}"`,
];
const KEYS = [
  'channelwise.adaptation',
  'channels',
  'stride',
  'names',
  'Image.BitmapPixelFormat',
  'Image.NominalPixelRange',
];

/** A mutated model with one or two metadata entries more, which are records of a conversion or look like them. */
export function verbsInput(corpus: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = new Random(Math.imul(seed, 0x27d4eb2f) ^ Math.imul(index + 1, 0x165667b1));
  const entries = Array.from({ length: 1 + random.int(2) }, () =>
    rawField(
      METADATA,
      2,
      joinBytes(rawField(1, 2, utf8(random.pick(KEYS))), rawField(2, 2, utf8(random.pick(RECORDS)))),
    ),
  );
  return joinBytes(fuzzInput(corpus, seed, index), ...entries);
}
