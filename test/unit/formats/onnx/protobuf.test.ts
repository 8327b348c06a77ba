import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { adaptBytes } from '../../../fixtures/adaptBytes.ts';
import {
  convModel,
  decodeModel,
  encodeModel,
  model,
  node,
  onnx,
  rawField,
  utf8,
  valueInfo,
} from '../../../fixtures/modelBuilder.ts';
import { leaf, messagesOf, parse, write, type TreeField, type TreeMessage } from '../../../fuzz/messageTree.ts';

const BASE = encodeModel({ ...convModel(), metadataProps: [{ key: 'k', value: 'v' }] });

/** The model, with a change made to each of its messages. */
function changed(change: (message: TreeMessage) => void): Uint8Array {
  const root = parse(BASE);
  assert.ok(root);
  for (const message of messagesOf(root)) change(message);
  return Uint8Array.from(write(root));
}

/** The numbers of a packed field one by one, a few of them in a packed piece again. */
function unpack(message: TreeMessage, number: number): void {
  message.fields = message.fields.flatMap((f) => {
    if (f.number !== number || f.wireType !== 2) return [f];
    const ends = [...f.bytes.entries()].filter(([, byte]) => byte < 128).map(([i]) => i + 1);
    const values = ends.map((end, i) => f.bytes.subarray(ends[i - 1] ?? 0, end));
    const single = values.map((bytes): TreeField => ({
      ...leaf(number, 0, bytes),
      value: BigInt(bytes[0] ?? 0) % 128n,
    }));
    return values.every((v) => v.length === 1)
      ? [...single.slice(0, 1), leaf(number, 2, Buffer.concat(values.slice(1, 3))), ...single.slice(3)]
      : [f];
  });
}

/** What the published decoder sees, as plain data. */
function seen(bytes: Uint8Array): Record<string, unknown> {
  const { graph } = onnx.ModelProto.toObject(decodeModel(bytes), { longs: Number, bytes: String, defaults: true }) as {
    graph: Record<string, unknown>;
  };
  return graph;
}

const GROUP = leaf(500, 3, Uint8Array.of(0x08, 0x07, 0x0b, 0x0c, 0xa4, 0x1f));

/** Other ways to write the same model. Each must mean the same to us, and its conversion the same to everybody. */
const SAME: Readonly<Record<string, Uint8Array>> = {
  'scalars last': changed((m) => {
    m.fields = [...m.fields.filter((f) => f.wireType === 2), ...m.fields.filter((f) => f.wireType !== 2)];
  }),
  'single fields first, in any order': changed((m) => {
    const repeated = (f: TreeField): boolean => m.fields.filter((g) => g.number === f.number).length > 1;
    m.fields = [...m.fields.filter((f) => !repeated(f)).reverse(), ...m.fields.filter(repeated)];
  }),
  'over-long tags, lengths and numbers': changed((m) => {
    for (const f of m.fields) f.padding = 2;
  }),
  'unknown fields in front, between and behind': changed((m) => {
    m.fields = [
      leaf(999, 0, new Uint8Array(0), 2n ** 63n),
      ...m.fields.flatMap((f) => [f, leaf(1000, 2, utf8('?'))]),
      leaf(1001, 5, Uint8Array.of(1, 2, 3, 4)),
      leaf(1002, 1, new Uint8Array(8)),
    ];
  }),
  'groups, one in another': changed((m) => {
    m.fields = m.fields.flatMap((f) => [GROUP, f]);
  }),
  'dims and lists one by one and in packed pieces': changed((m) => {
    if (m.type === 'tensor') unpack(m, 1);
    if (m.type === 'attribute') unpack(m, 8);
  }),
  'single values said twice, the last one counts': changed((m) => {
    const single: Readonly<Record<string, readonly number[]>> = {
      model: [1, 2],
      graph: [2],
      node: [3, 4],
      attribute: [1, 20],
      tensor: [2, 8, 9],
      tensorType: [1],
    };
    m.fields = m.fields.flatMap((f) =>
      single[m.type]?.includes(f.number)
        ? [{ ...f, value: 1n, bytes: f.wireType === 2 ? utf8('not this') : f.bytes }, f]
        : [f],
    );
  }),
  'empty packed lists and empty texts': changed((m) => {
    if (m.type === 'tensor') m.fields.push(leaf(4, 2, new Uint8Array(0)), leaf(12, 2, new Uint8Array(0)));
    if (m.type === 'attribute') m.fields.push(leaf(7, 2, new Uint8Array(0)), leaf(8, 2, new Uint8Array(0)));
  }),
};

test('other ways to write the same model: read alike, converted alike, unknown bytes kept', async () => {
  const plain = seen((await adaptBytes(BASE, grayscale())).bytes);
  const structure = async (bytes: Uint8Array): Promise<unknown> => {
    const { graph, irVersion, producerName, opsets } = await scanModel(new MemorySource(bytes));
    return {
      irVersion,
      producerName,
      opsets,
      nodes: graph.nodes.map((n) => [
        n.opType,
        n.name,
        n.inputs,
        n.outputs,
        n.attributes.map((a) => [a.name, a.type, a.ints, a.int]),
      ]),
      weights: graph.initializers.map((t) => [t.name, t.dtype, t.dims, t.storage.kind]),
      inputs: graph.inputs.map((v) => [v.name, v.type]),
      outputs: graph.outputs.map((v) => [v.name, v.type]),
    };
  };
  const read = await structure(BASE);
  for (const [what, bytes] of Object.entries(SAME)) {
    assert.ok(!Buffer.from(bytes).equals(Buffer.from(BASE)), what);
    assert.deepEqual(await structure(bytes), read, what);
    assert.deepEqual(seen(bytes), seen(BASE), `${what}: the published decoder sees another model`);
    assert.deepEqual(seen((await adaptBytes(bytes, grayscale())).bytes), plain, what);
  }
});

/** A message in two pieces: protobuf merges them, which an edit of one piece could not keep. */
function split(type: TreeMessage['type'], number: number): Uint8Array {
  return changed((m) => {
    if (m.type !== type) return;
    m.fields = m.fields.flatMap((f) =>
      f.number === number && f.message
        ? [
            { ...f, message: { ...f.message, fields: f.message.fields.slice(0, 1) } },
            { ...f, message: { ...f.message, fields: f.message.fields.slice(1) } },
          ]
        : [f],
    );
  });
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const IN_SUBGRAPH = encodeModel(
  model({
    nodes: [node('If', ['b'], ['y'], { then_branch: { graph: { node: [node('Relu', ['x'], ['r'])], name: 'then' } } })],
    outputs: [valueInfo('y', null)],
  }),
);

/** What is refused, with its code. */
const REFUSED: readonly [what: string, bytes: Uint8Array, code: string][] = [
  ['the graph in two pieces', split('model', 7), 'split-message'],
  ["a value's type in two pieces", split('type', 1), 'split-message'],
  ['a second, empty graph', Uint8Array.from(Buffer.concat([BASE, rawField(7, 2, new Uint8Array(0))])), 'split-message'],
  ['no graph', encodeModel({ irVersion: 8 }), 'malformed'],
  ['an empty file', new Uint8Array(0), 'malformed'],
  ['a varint of eleven bytes', bytesOf('08 ff ff ff ff ff ff ff ff ff ff 01'), 'malformed'],
  ['field number 0', bytesOf('02 00'), 'malformed'],
  ['a field number past the largest', bytesOf('fa ff ff ff 7f 00'), 'malformed'],
  ['wire type 6', bytesOf('0e'), 'malformed'],
  ['a group without an end', bytesOf('0b 08 01'), 'malformed'],
  ['a group that ends under another number', bytesOf('0b 14'), 'malformed'],
  ['an end without a group', bytesOf('0c'), 'malformed'],
  [
    '101 groups in each other',
    Uint8Array.from([...new Array<number>(101).fill(0x0b), ...new Array<number>(101).fill(0x0c)]),
    'malformed',
  ],
  ['a length past the end', bytesOf('3a 7f'), 'malformed'],
  ['a length of 2^63', bytesOf('3a ff ff ff ff ff ff ff ff 7f'), 'malformed'],
  ['a graph that is a number', bytesOf('38 01'), 'malformed'],
  [
    'a name that is no UTF-8',
    changed((m) => {
      if (m.type === 'node') for (const f of m.fields) if (f.number === 1) f.bytes = Uint8Array.of(0xff);
    }),
    'malformed',
  ],
  ['a cut subgraph', IN_SUBGRAPH.subarray(0, IN_SUBGRAPH.length - 12), 'malformed'],
];

test('what can not be kept or makes no sense is refused with the byte where it stands', async () => {
  for (const [what, bytes, code] of REFUSED) {
    await assert.rejects(
      scanModel(new MemorySource(bytes)),
      (e: { code?: string; place?: { offset?: number } }) =>
        e.code === code && typeof e.place?.offset === 'number' && e.place.offset <= bytes.length,
      what,
    );
  }
});
