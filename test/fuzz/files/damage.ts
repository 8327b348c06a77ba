import type { Random } from '../../fixtures/random.ts';

/** The random numbers of input `index` of a run: a function of its arguments alone. */
export function seedOf(seed: number, index: number): number {
  return Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
}

/** Some bytes changed, or an end cut off. */
export function damageBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (out.length === 0) return out;
  if (random.int(6) === 0) return out.subarray(0, random.int(out.length));
  for (let i = random.int(6); i >= 0; i--)
    out[random.int(out.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.int(256)]);
  return out;
}

/** What a value in a JSON text becomes. */
const STRAY = [
  '0',
  '-1',
  '1e999',
  '0.5',
  '9007199254740993',
  '18446744073709551616',
  'null',
  'true',
  '""',
  '"\\u0000\\u202e"',
  '[]',
  '{}',
  '[[]]',
  '[null, 3]',
  '{"class_name": "Lambda", "config": {}}',
  `${'['.repeat(500)}${']'.repeat(500)}`,
  `"${'n'.repeat(5000)}"`,
];
/** A number, text or word of a JSON text, or one of its marks. */
const PIECE = /-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*"|true|false|null|[[\]{},:]/g;

/** A JSON text with some pieces replaced, doubled, dropped or swapped. Mostly it is JSON still. */
export function damageJson(random: Random, text: string): string {
  const pieces = text.match(PIECE) ?? [];
  const values = pieces.flatMap((piece, i) => (/^[[\]{},:]$/.test(piece) ? [] : [i]));
  for (let i = random.int(4); i >= 0 && values.length > 0; i--) {
    const at = random.pick(values);
    switch (random.int(8)) {
      case 0:
        pieces[random.int(pieces.length)] = random.pick(['', ',', '[', '}', ':']);
        break;
      case 1:
        pieces[at] = pieces[random.pick(values)] ?? '';
        break;
      default:
        pieces[at] = random.pick(STRAY);
    }
  }
  return pieces.join('');
}
