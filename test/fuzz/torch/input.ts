import { buildZip } from '../../fixtures/zipBuilder.ts';
import {
  checkpointInstructions,
  ELEMENT_BYTES,
  elements,
  legacyHead,
  legacyKeys,
  text,
  type BuiltTensor,
} from '../../fixtures/torch/pickleWriter.ts';
import { Random } from '../../fixtures/random.ts';

const CHECKPOINTS: readonly (readonly BuiltTensor[])[] = [
  [
    { name: 'conv1.weight', key: '0', type: 'FloatStorage', dims: [8, 3, 3, 3] },
    { name: 'conv1.bias', key: '1', type: 'FloatStorage', dims: [8] },
    { name: 'steps', key: '2', type: 'LongStorage', dims: [] },
  ],
  [
    { name: 'weight', key: '0', type: 'HalfStorage', dims: [10, 3, 3, 3], strides: [1, 10, 30, 90] },
    { name: 'empty', key: '1', type: 'ByteStorage', dims: [0, 3] },
  ],
  // Views of one storage: side by side, and the same one twice.
  [
    { name: 'a', key: '0', type: 'FloatStorage', dims: [4, 3, 1, 1], offset: 0, count: 40 },
    { name: 'b', key: '0', type: 'FloatStorage', dims: [4, 3, 1, 1], offset: 12, count: 40 },
    { name: 'c', key: '1', type: 'FloatStorage', dims: [2, 3] },
    { name: 'd', key: '1', type: 'FloatStorage', dims: [2, 3] },
  ],
];

/** Instructions that a damaged pickle gets in between: of every kind, right and wrong. */
const STRAY: readonly Buffer[] = [
  ...['(', ')', '0', '1', '2', '.', 'N', 't', 'l', 'd', '}', ']', 'a', 'e', 's', 'u', 'b', 'R', 'Q', 'o'],
  ...['\x81', '\x85', '\x86', '\x87', '\x88', '\x89', '\x8f', '\x90', '\x91', '\x92', '\x93', '\x94', '\x97', '\x98'],
  ...['h\0', 'h\x05', 'j\0\0\0\0', 'q\0', 'q\x07', 'r\xff\xff\xff\xff', 'Kx', 'M\xff\xff', 'J\xff\xff\xff\xff'],
  ...[
    '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f',
    '\x8a\0',
    'I12\n',
    'I01\n',
    'L5L\n',
    'F1.5\n',
    'G\x7f\xf8\0\0\0\0\0\0',
  ],
  ...[
    'X\xff\xff\xff\x7f',
    '\x8d\0\0\0\0\0\x01\0\0',
    'U\x03abc',
    "S'abc'\n",
    'Vabc\n',
    'C\x02ab',
    '\x95\x05\0\0\0\0\0\0\0',
  ],
  ...['cos\nsystem\n', 'ios\nsystem\n', 'Pabc\n', 'g0\n', 'p1\n', '\x82\x01', '\x80\x05', '\x80\x09', '\xff'],
].map((code) => Buffer.from(code, 'latin1'));

/**
 * The input number `index` of a run: a torch file, damaged in its pickle, its archive or its bytes. A function of its
 * arguments alone.
 */
export function torchInput(seed: number, index: number): Uint8Array {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const tensors = random.pick(CHECKPOINTS);
  const instructions = [...checkpointInstructions(tensors, random.int(3) === 0 ? 'module' : 'dict')];
  for (let i = random.int(4); i > 0; i--) damagePickle(random, instructions);
  const pickle = Buffer.concat(instructions);
  const file = random.int(3) === 0 ? legacyFile(random, tensors, pickle) : zipFile(random, tensors, pickle);
  return random.int(4) === 0 ? damageBytes(random, file) : file;
}

function damagePickle(random: Random, instructions: Buffer[]): void {
  const at = random.int(instructions.length);
  const one = instructions[at];
  switch (random.int(6)) {
    case 0:
      instructions.splice(at, 1);
      break;
    case 1:
      instructions.splice(at, 0, random.pick(STRAY));
      break;
    case 2:
      instructions[at] = random.pick(STRAY);
      break;
    case 3:
      instructions.splice(at, 0, ...instructions.slice(at, at + 1 + random.int(30)));
      break;
    case 4:
      if (one) instructions[at] = Buffer.from(damageBytes(random, one));
      break;
    default:
      instructions.splice(at, 0, random.pick(instructions));
  }
}

function storages(tensors: readonly BuiltTensor[]): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  for (const { key, type, dims, count = elements(dims) } of tensors)
    out.set(
      key,
      Uint8Array.from({ length: count * ELEMENT_BYTES[type] }, (_, i) => (i * 37) % 251),
    );
  return out;
}

function zipFile(random: Random, tensors: readonly BuiltTensor[], pickle: Uint8Array): Uint8Array {
  const byteOrder = random.int(4) === 0 ? [{ name: 'm/byteorder', data: Buffer.from('big') }] : [];
  const form = { padded: random.int(3) > 0, deflated: random.int(5) === 0 };
  const descriptor = random.int(2) === 0 ? ({ descriptor: 'signed' } as const) : {};
  const entries = [
    { name: 'm/data.pkl', data: pickle },
    ...byteOrder,
    ...[...storages(tensors)].map(([key, data]) => ({ name: `m/data/${key}`, data })),
    { name: 'm/version', data: Buffer.from('3\n') },
  ];
  return buildZip({
    entries: entries.map((entry) => ({ ...entry, ...form, ...descriptor })),
    zip64End: random.int(2) === 0,
  });
}

function legacyFile(random: Random, tensors: readonly BuiltTensor[], pickle: Uint8Array): Uint8Array {
  const held = storages(tensors);
  const width = new Map(tensors.map(({ key, type }) => [key, ELEMENT_BYTES[type]]));
  const keys = random.int(8) === 0 ? [...held.keys(), random.pick(['9', '0'])] : [...held.keys()];
  const blocks = [...held].map(([key, data]) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(data.length / (width.get(key) ?? 1)));
    return Buffer.concat([count, data]);
  });
  const last = random.int(16) === 0 ? [text('behind')] : [];
  return Buffer.concat([legacyHead(), pickle, legacyKeys(keys), ...blocks, ...last]);
}

function damageBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (out.length === 0) return out;
  if (random.int(4) === 0) return out.subarray(0, random.int(out.length));
  for (let i = random.int(6); i >= 0; i--)
    out[random.int(out.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.int(256)]);
  return out;
}
