import { Random } from '../fixtures/random.ts';
import { leaf, messagesOf, parse, write, type TreeField, type TreeMessage } from './messageTree.ts';

/** What a mutation may use: a random choice, the tree it changes, and a second model to take parts from. */
interface Scene {
  readonly random: Random;
  readonly root: TreeMessage;
  readonly donor: TreeMessage;
}

const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  11n,
  16n,
  64n,
  127n,
  128n,
  224n,
  255n,
  1024n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  -1n,
  -2n,
  -3n,
  -(2n ** 31n),
];
const TEXTS = [
  '',
  'x',
  'data.bin',
  '../data.bin',
  '/etc/passwd',
  'ai.onnx',
  'com.microsoft',
  'Conv',
  'Constant',
  'Reshape',
  'Concat',
  'If',
  'Loop',
  'NOTSET',
  'SAME_UPPER',
  'a,b->ab',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '𝔘nicode',
  '9'.repeat(30),
  '-1',
  'length',
  'offset',
  'location',
  '[Show details](command:workbench.action.quit)',
  '[x](https://example.com) $(zap) <b>',
  'a\nb\tc\r',
  '\u001b[31mred\u0007',
  '\u202egpj.\u2066exe\u2069',
  '\u0085\u009b2J',
  'name/'.repeat(2000),
];

/** A message of the tree, larger ones as likely as small ones. */
function anyMessage({ random, root }: Scene, type?: TreeMessage['type']): TreeMessage | null {
  const all = messagesOf(root).filter((m) => type === undefined || m.type === type);
  return all.length ? random.pick(all) : null;
}

function anyField(
  scene: Scene,
  fits: (field: TreeField, message: TreeMessage) => boolean = () => true,
): { message: TreeMessage; field: TreeField; at: number } | null {
  const found = messagesOf(scene.root).flatMap((message) =>
    message.fields.flatMap((field, at) => (fits(field, message) ? [{ message, field, at }] : [])),
  );
  return found.length ? scene.random.pick(found) : null;
}

function copy(field: TreeField): TreeField {
  return { ...field, message: field.message && { ...field.message, fields: field.message.fields.map(copy) } };
}

function number(random: Random): bigint {
  const base = random.pick(NUMBERS);
  return random.int(3) === 0 ? base + BigInt(random.int(5) - 2) : base;
}

function text(random: Random): Uint8Array {
  if (random.int(8) === 0) return Uint8Array.from({ length: random.int(6) }, () => random.int(256));
  return new TextEncoder().encode(random.pick(TEXTS));
}

/** One way to damage a model each; the number says how often it is chosen. */
const MUTATIONS: readonly (readonly [weight: number, apply: (scene: Scene) => void])[] = [
  // Drops a field.
  [
    6,
    (s) => {
      const found = anyField(s);
      found?.message.fields.splice(found.at, 1);
    },
  ],
  // Says a field twice, at once or at the end.
  [
    5,
    (s) => {
      const found = anyField(s);
      found?.message.fields.splice(s.random.int(2) ? found.at : found.message.fields.length, 0, copy(found.field));
    },
  ],
  // Says a small field very often.
  [
    1,
    (s) => {
      const found = anyField(s, (f) => f.bytes.length < 64 && !f.message);
      if (found) for (let i = s.random.int(3000); i > 0; i--) found.message.fields.push(found.field);
    },
  ],
  // Puts the fields of a message in another order.
  [
    4,
    (s) => {
      const message = anyMessage(s);
      if (!message) return;
      for (let i = message.fields.length - 1; i > 0; i--) {
        const j = s.random.int(i + 1);
        [message.fields[i], message.fields[j]] = [message.fields[j] as TreeField, message.fields[i] as TreeField];
      }
    },
  ],
  // Takes a field of the same message type from another model.
  [
    8,
    (s) => {
      const message = anyMessage(s);
      const from = message && anyMessage({ ...s, root: s.donor }, message.type);
      if (!message || !from?.fields.length) return;
      const field = copy(s.random.pick(from.fields));
      const at = message.fields.findIndex((f) => f.number === field.number);
      if (at >= 0 && s.random.int(2)) message.fields[at] = field;
      else message.fields.push(field);
    },
  ],
  // Puts a message of the tree in the place of another one of its type: graphs nest, nodes repeat.
  [
    5,
    (s) => {
      const found = anyField(s, (f) => f.message !== null);
      const other = found?.field.message && anyField(s, (f) => f.message?.type === found.field.message?.type);
      if (found && other?.field.message) found.field.message = copy(other.field).message;
    },
  ],
  // Another number.
  [
    10,
    (s) => {
      const found = anyField(s, (f) => f.wireType === 0);
      if (found) found.field.value = number(s.random);
    },
  ],
  // Another type of elements or attribute: small numbers.
  [
    4,
    (s) => {
      const found = anyField(
        s,
        (f, m) => f.wireType === 0 && (m.type === 'tensor' || m.type === 'tensorType' || m.type === 'attribute'),
      );
      if (found) found.field.value = BigInt(s.random.int(28));
    },
  ],
  // More, fewer or other dims of a tensor or shape.
  [
    6,
    (s) => {
      const message = anyMessage(s, s.random.pick(['tensor', 'shape', 'sparse']));
      if (!message) return;
      const dim = message.type === 'sparse' ? 3 : 1;
      const field =
        message.type === 'shape'
          ? {
              ...leaf(1, 2, new Uint8Array(0)),
              message: {
                type: 'dimension' as const,
                fields: [leaf(1, 0, new Uint8Array(0), number(s.random))],
                start: 0,
                end: 0,
              },
            }
          : leaf(dim, 0, new Uint8Array(0), number(s.random));
      for (let i = s.random.int(4); i >= 0; i--) message.fields.push(field);
    },
  ],
  // A name that stands elsewhere in the model, so that edges cross, cycle and end nowhere.
  [
    10,
    (s) => {
      const found = anyField(s, (f, m) => m.type === 'node' && f.wireType === 2 && (f.number === 1 || f.number === 2));
      const other = anyField(
        s,
        (f, m) =>
          (m.type === 'node' && (f.number === 1 || f.number === 2) && f.wireType === 2) ||
          ((m.type === 'value' || m.type === 'tensor') &&
            f.number === (m.type === 'tensor' ? 8 : 1) &&
            f.wireType === 2),
      );
      if (found && other) found.field.bytes = other.field.bytes;
    },
  ],
  // Another text.
  [
    6,
    (s) => {
      const found = anyField(s, (f) => f.wireType === 2 && !f.message && f.bytes.length < 200);
      if (found) found.field.bytes = text(s.random);
    },
  ],
  // Shorter or longer data.
  [
    6,
    (s) => {
      const found = anyField(s, (f) => f.wireType === 2 && !f.message);
      if (!found) return;
      const { bytes } = found.field;
      found.field.bytes = s.random.int(2)
        ? bytes.subarray(0, s.random.int(bytes.length + 1))
        : Buffer.concat([bytes, bytes.subarray(0, s.random.int(64)), text(s.random)]);
    },
  ],
  // Another field number: data where other data belongs.
  [
    4,
    (s) => {
      const found = anyField(s);
      if (found)
        found.field.number = s.random.pick([
          1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 20, 21, 22, 25, 100, 0x1fffffff,
        ]);
    },
  ],
  // Another wire type.
  [
    3,
    (s) => {
      const found = anyField(s);
      if (!found) return;
      found.field.bytes = found.field.message ? write(found.field.message) : found.field.bytes;
      found.field.message = null;
      found.field.wireType = s.random.pick([0, 1, 2, 3, 5]);
      if (found.field.wireType === 1 || found.field.wireType === 5)
        found.field.bytes = Uint8Array.from({ length: found.field.wireType === 1 ? 8 : 4 }, () => s.random.int(256));
    },
  ],
  // Over-long varints.
  [
    4,
    (s) => {
      const found = anyField(s);
      if (found) found.field.padding = 1 + s.random.int(5);
    },
  ],
  // Unknown fields and groups.
  [
    3,
    (s) => {
      const message = anyMessage(s);
      const group = leaf(99, 3, Uint8Array.of(0x08, 0x05, 0x9c, 0x06));
      message?.fields.splice(
        s.random.int(message.fields.length + 1),
        0,
        s.random.int(2) ? group : leaf(4000, 2, text(s.random)),
      );
    },
  ],
  // A message in two pieces.
  [
    4,
    (s) => {
      const found = anyField(s, (f) => (f.message?.fields.length ?? 0) > 1);
      if (!found?.field.message) return;
      const { message } = found.field;
      const cut = 1 + s.random.int(message.fields.length - 1);
      const rest = { ...found.field, message: { ...message, fields: message.fields.slice(cut) } };
      found.field.message = { ...message, fields: message.fields.slice(0, cut) };
      found.message.fields.splice(found.at + 1, 0, rest);
    },
  ],
  // Graphs in graphs.
  [
    1,
    (s) => {
      const graph = anyMessage(s, 'graph');
      const node = graph?.fields.find((f) => f.message?.type === 'node');
      if (!graph || !node?.message) return;
      let inner: TreeMessage = { ...graph, fields: graph.fields.slice(0, 20).map(copy) };
      for (let i = s.random.int(45); i > 0; i--) {
        const attribute: TreeField = {
          ...leaf(5, 2, new Uint8Array(0)),
          message: {
            type: 'attribute',
            start: 0,
            end: 0,
            fields: [
              leaf(1, 2, new TextEncoder().encode('body')),
              { ...leaf(6, 2, new Uint8Array(0)), message: inner },
              leaf(20, 0, new Uint8Array(0), 5n),
            ],
          },
        };
        inner = {
          ...inner,
          fields: [
            {
              ...leaf(1, 2, new Uint8Array(0)),
              message: { ...node.message, fields: [...node.message.fields.slice(0, 4).map(copy), attribute] },
            },
          ],
        };
      }
      graph.fields.push(...inner.fields);
    },
  ],
  // A length that lies.
  [
    2,
    (s) => {
      const found = anyField(s, (f) => f.wireType === 2);
      if (found) found.field.lie = s.random.pick([-2, -1, 1, 2, 100, 2 ** 31, 2 ** 40]);
    },
  ],
];
const TOTAL = MUTATIONS.reduce((n, [weight]) => n + weight, 0);

function applyOne(scene: Scene): void {
  let at = scene.random.int(TOTAL);
  for (const [weight, apply] of MUTATIONS) {
    at -= weight;
    if (at < 0) return apply(scene);
  }
}

/** Damage below the structure: some bytes, a cut, a piece twice. */
function damageBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (!out.length) return out;
  switch (random.int(4)) {
    case 0:
      return out.subarray(0, random.int(out.length));
    case 1:
      return Buffer.concat([out.subarray(0, random.int(out.length)), out.subarray(random.int(out.length))]);
    default:
      for (let i = random.int(8); i >= 0; i--) out[random.int(out.length)] = random.int(256);
      return out;
  }
}

/**
 * The input number `index` of a run: one model of the corpus, changed in one to four places. A function of its
 * arguments alone.
 */
export function fuzzInput(corpus: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const bytes = random.pick(corpus);
  const root = parse(bytes);
  const donor = parse(random.pick(corpus));
  if (!root || !donor) return damageBytes(random, bytes);
  const scene = { random, root, donor };
  for (let i = random.int(4); i >= 0; i--) applyOne(scene);
  const written = write(root);
  return random.int(6) === 0 ? damageBytes(random, written) : Uint8Array.from(written);
}
