import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../../src/bytes/errors.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openFileSource } from '../../../../src/files/fileSource.ts';
import { RECORD_KEY, canWrite, type OpenedFile, type TensorWriter } from '../../../../src/formats/format.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { formatOf } from '../../../../src/formats/table.ts';
import { dtypeName } from '../../../../src/tensors/dtypes.ts';
import { readNumbers } from '../../../../src/tensors/tensorElements.ts';
import { joinBytes } from '../../../fixtures/modelBuilder.ts';
import { floatWeights, headerBytes, safetensorsFile } from '../../../fixtures/safetensors.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

function opened(bytes: Uint8Array): Promise<OpenedFile> {
  return safetensorsFormat.open(new MemorySource(bytes), { name: 'model.safetensors' });
}

function writerOf({ writer }: OpenedFile): TensorWriter {
  assert.ok(canWrite(writer));
  return writer;
}

const THREE = [floatWeights('a', [2, 3]), floatWeights('conv.weight', [2, 3, 1, 1]), floatWeights('z', [5])];

test('lists tensors by place, reads their numbers, and is recognised by its first bytes', async () => {
  const bytes = safetensorsFile(THREE, { format: 'pt' });
  assert.equal(formatOf(bytes.subarray(0, 64)).id, 'safetensors');
  const file = await opened(bytes);
  assert.deepEqual(
    file.tensors.map(({ name, dtype, dims }) => [name, dtypeName(dtype), dims]),
    THREE.map(({ name, dims }) => [name, 'float32', dims]),
  );
  assert.deepEqual(file.facts, [{ label: 'Metadata format', value: 'pt' }]);
  const values = await readNumbers(file.tensors[2]!);
  assert.deepEqual(Float32Array.from(values), new Float32Array(THREE[2]!.bytes.buffer));
});

const TYPES: readonly [string, number, string][] = [
  ['F4', 0.5, 'float4e2m1'],
  ['F6_E2M3', 0.75, 'float6e2m3'],
  ['F6_E3M2', 0.75, 'float6e3m2'],
  ['F8_E4M3FNUZ', 1, 'float8e4m3fnuz'],
  ['F8_E5M2FNUZ', 1, 'float8e5m2fnuz'],
  ['F8_E8M0', 1, 'float8e8m0'],
  ['BOOL', 1, 'bool'],
  ['U8', 1, 'uint8'],
  ['I8', 1, 'int8'],
  ['F8_E4M3', 1, 'float8e4m3fn'],
  ['F8_E5M2', 1, 'float8e5m2'],
  ['U16', 2, 'uint16'],
  ['I16', 2, 'int16'],
  ['F16', 2, 'float16'],
  ['BF16', 2, 'bfloat16'],
  ['U32', 4, 'uint32'],
  ['I32', 4, 'int32'],
  ['F32', 4, 'float32'],
  ['U64', 8, 'uint64'],
  ['I64', 8, 'int64'],
  ['F64', 8, 'float64'],
  ['F4_E9M9', 3, 'dtype 0'],
];

test('every element type of the format; one that is not known is listed', async () => {
  const tensors = TYPES.map(([type, width]) => ({ name: type, type, dims: [4], bytes: new Uint8Array(4 * width) }));
  const file = await opened(safetensorsFile(tensors));
  assert.deepEqual(
    file.tensors.map(({ name, dtype }) => [name, dtypeName(dtype)]),
    TYPES.map(([type, , name]) => [type, name]),
  );
  for (const tensor of file.tensors.slice(0, 3)) assert.equal((await readNumbers(tensor)).length, 4, tensor.name);
  await assert.rejects(readNumbers(file.tensors.at(-1)!), { kind: 'unsupported' });
});

test('nothing changed: the same bytes but for the record', async () => {
  const bytes = safetensorsFile(THREE);
  const file = await opened(bytes);
  const source = new MemorySource(bytes);
  const changed = new SplicedSource(source, await writerOf(file).splices([], '[]'));
  const again = await opened(await changed.read(0, changed.size));
  assert.equal(writerOf(again).record, '[]');
  for (const [i, tensor] of again.tensors.entries())
    assert.deepEqual(await readNumbers(tensor), await readNumbers(file.tensors[i]!));
});

test('a smaller tensor: later offsets move, the header stays a multiple of 8, the record replaces an older one', async () => {
  const bytes = safetensorsFile(THREE, { format: 'pt', [RECORD_KEY]: 'old' });
  const file = await opened(bytes);
  const small = floatWeights('conv.weight', [2, 1, 1, 1]);
  const splices = await writerOf(file).splices(
    [{ tensor: small.name, dims: small.dims, bytes: small.bytes }],
    'a "new" one',
  );
  const spliced = new SplicedSource(new MemorySource(bytes), splices);
  const out = await spliced.read(0, spliced.size);
  const expected = safetensorsFile([THREE[0]!, small, THREE[2]!], { format: 'pt', [RECORD_KEY]: 'a "new" one' });
  assert.deepEqual(out, expected);
  assert.equal(Number(new DataView(out.buffer, out.byteOffset).getBigUint64(0, true)) % 8, 0);
});

const tensorText = (shape: string, offsets: string, type = 'F32'): string =>
  `{"dtype":"${type}","shape":${shape},"data_offsets":${offsets}}`;

const HOSTILE: readonly [what: string, bytes: Uint8Array, says: RegExp][] = [
  ['an empty file', new Uint8Array(0), /ends inside the length/],
  ['a header longer than the file', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 0x7b), /cut short/],
  ['a header beyond the limit', Uint8Array.of(0, 0, 0, 16, 0, 0, 0, 0, 0x7b), /100000000 are the most/],
  ['no JSON', headerBytes('{"a"'), /JSON/],
  ['a list', headerBytes('[]'), /no list of tensors/],
  [
    'a name twice',
    joinBytes(headerBytes(`{"a":${tensorText('[1]', '[0,4]')},"a":${tensorText('[1]', '[0,4]')}}`), new Uint8Array(4)),
    /comes twice/,
  ],
  [
    'overlap',
    joinBytes(headerBytes(`{"a":${tensorText('[2]', '[0,8]')},"b":${tensorText('[1]', '[4,8]')}}`), new Uint8Array(8)),
    /lies over/,
  ],
  [
    'a hole',
    joinBytes(
      headerBytes(`{"a":${tensorText('[1]', '[0,4]')},"b":${tensorText('[1]', '[8,12]')}}`),
      new Uint8Array(12),
    ),
    /no tensor/,
  ],
  [
    'bytes at the end',
    joinBytes(headerBytes(`{"a":${tensorText('[1]', '[0,4]')}}`), new Uint8Array(5)),
    /1 bytes at its end/,
  ],
  [
    'data cut short',
    joinBytes(headerBytes(`{"a":${tensorText('[2]', '[0,8]')}}`), new Uint8Array(4)),
    /leaves the file/,
  ],
  [
    'a short offset',
    joinBytes(headerBytes(`{"a":${tensorText('[2]', '[0,4]')}}`), new Uint8Array(4)),
    /should take 8 bytes/,
  ],
  ['offsets backwards', headerBytes(`{"a":${tensorText('[0]', '[4,0]')}}`), /two offsets/],
  ['a negative size', headerBytes(`{"a":${tensorText('[-1]', '[0,0]')}}`), /two offsets/],
  [
    'dims whose product is no number',
    headerBytes(`{"a":${tensorText('[9007199254740991,9007199254740991]', '[0,0]')}}`),
    /should take/,
  ],
  ['metadata that is no text', headerBytes('{"__metadata__":{"a":1}}'), /no text/],
];

test('hostile headers end in one sentence with the place', async (t) => {
  for (const [what, bytes, says] of HOSTILE)
    await t.test(what, async () => {
      await assert.rejects(
        opened(bytes),
        (e) => e instanceof ChannelwiseError && e.kind === 'malformed' && says.test(e.message),
      );
    });
});

test('a file of 5 GB opens with under 2 MB read', async () => {
  const folder = temporaryFolder('safetensors');
  try {
    const path = join(folder, 'large.safetensors');
    const count = 1000;
    const bytes = 5 * 2 ** 30;
    const each = bytes / 4 / count;
    const size = Math.floor(each) * 4;
    const tensors = Array.from(
      { length: count },
      (_, i) => `"layer.${i}.weight":${tensorText(`[${size / 4}]`, `[${i * size},${(i + 1) * size}]`)}`,
    );
    const header = headerBytes(`{${tensors.join(',')}}`);
    const file = openSync(path, 'w');
    writeSync(file, header);
    ftruncateSync(file, header.length + size * count);
    closeSync(file);
    const inner = await openFileSource(path);
    const source = new CountingSource(inner);
    const { tensors: found } = await safetensorsFormat.open(source, { name: 'large.safetensors' });
    await inner.close();
    assert.equal(found.length, count);
    assert.ok(source.size > 4.9 * 2 ** 30);
    assert.ok(source.bytesRead < 2e6, `${source.bytesRead} bytes read`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
