import type { ByteSource } from '../../bytes/byteSource.ts';
import { Turns } from '../../bytes/turns.ts';
import { elementBits, rawBytes } from '../../tensors/dtypes.ts';
import { numericRow, type StoredTensor } from '../../tensors/storedTensor.ts';
import { RECORD_KEY, type Fact, type Format } from '../format.ts';
import { readHeader, type HeaderTensor, type SafetensorsHeader } from './header.ts';
import { changeTensors } from './write.ts';

/** A step of reading: between two steps a cancel is noticed. A multiple of all element widths. */
const CHUNK_BYTES = 512 * 1024;
const BRACE = 0x7b;

/** Weights as Hugging Face stores them: https://huggingface.co/docs/safetensors */
export const safetensorsFormat: Format = {
  id: 'safetensors',
  title: 'safetensors file',
  holds: 'weights',
  // Eight bytes of length, whose upper half is zero in any file that can be read, then JSON.
  recognise: (head) => head[8] === BRACE && [4, 5, 6, 7].every((i) => head[i] === 0),
  open: async (source, { signal }) => {
    const header = await readHeader(source);
    return {
      facts: facts(header),
      warnings: [],
      tensors: header.tensors.map((tensor) => storedTensor(source, tensor, signal)),
      graph: null,
      writer: {
        record: header.metadata.get(RECORD_KEY) ?? null,
        splices: (changes, record) =>
          Promise.resolve(changeTensors(header, changes, record === null ? null : { key: RECORD_KEY, value: record })),
      },
    };
  },
};

function storedTensor(source: ByteSource, tensor: HeaderTensor, signal: AbortSignal | undefined): StoredTensor {
  const { name, dtype, dims, start } = tensor;
  const place = { tensor: name, offset: start };
  const turns = new Turns(signal);
  return {
    name,
    dtype,
    dims,
    place,
    stream: async ({ from, to }, visit) => {
      const row = numericRow({ name, dtype, place });
      const end = start + rawBytes(row, to);
      const first = start + rawBytes(row, from);
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - first));
      for (let at = first; at < end; at += CHUNK_BYTES) {
        await turns.breathe();
        const part = chunk.subarray(0, end - at);
        await source.readInto(part, at);
        visit(part);
      }
    },
  };
}

function facts({ tensors, metadata }: SafetensorsHeader): Fact[] {
  const types = [...new Set(tensors.filter(({ dtype }) => elementBits(dtype) === null).map(({ type }) => type))];
  const own = [...metadata].filter(([key]) => key !== RECORD_KEY);
  return [
    ...own.map(([key, value]) => ({ label: `Metadata ${key}`, value })),
    ...types.map((type) => ({ label: 'Unknown element type', value: type })),
  ];
}
