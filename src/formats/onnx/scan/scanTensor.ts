import type { MessageRef, SparseTensor, Tensor, TensorStorage, TypedPiece } from '../model.ts';
import { frame, int, integer, integers, message, name, single, text } from './scanFields.ts';
import type { Frame, Rule, Rules } from './messageWalk.ts';
import { LEN, malformed, type Field } from './wire.ts';
import { ENTRY, SPARSE_TENSOR, TENSOR, EXTERNAL } from '../fields.ts';

/** The rank no runtime goes beyond; more dims than this are an attack or damage. */
const MAX_RANK = 64;
/** Data in more pieces than this is no writer's work; each piece is held in memory. */
const MAX_PIECES = 100_000;

type Open<T> = { -readonly [K in keyof T]: T[K] };

interface TensorDraft {
  readonly tensor: Open<Tensor>;
  readonly dims: number[];
  readonly pieces: Open<TypedPiece>[];
  readonly fields: Set<number>;
  raw: { start: number; end: number } | null;
  external: boolean;
  segment: boolean;
  readonly entries: Map<string, string>;
}

/** Reads a TensorProto and hands it to `done`, when it is complete. Its data stays where it is. */
export function tensorFrame(ref: MessageRef, depth: number, done: (tensor: Tensor) => void): Frame {
  const dims: number[] = [];
  const tensor: Open<Tensor> = { ref, name: '', dtype: 0, dims, storage: NONE };
  const draft: TensorDraft = {
    tensor,
    dims,
    pieces: [],
    fields: new Set(),
    raw: null,
    external: false,
    segment: false,
    entries: new Map(),
  };
  return frame({ ref, depth }, TENSOR_RULES, draft, () => {
    tensor.storage = storage(draft);
    done(tensor);
  });
}

const NONE: TensorStorage = { kind: 'none' };

const TENSOR_RULES: Rules<TensorDraft> = {
  [TENSOR.dims]: integers((tensor, value, field) => {
    tensor.dims.push(dimension(value, field));
    if (tensor.dims.length > MAX_RANK) throw malformed(`a tensor has more than ${MAX_RANK} dimensions`, field.start);
  }),
  [TENSOR.dtype]: integer((tensor, value) => {
    tensor.tensor.dtype = value;
  }),
  [TENSOR.segment]: message((tensor, ref, depth) => {
    tensor.segment = true;
    return frame({ ref, depth }, {}, tensor);
  }),
  [TENSOR.floatData]: dataField(),
  [TENSOR.int32Data]: dataField(),
  [TENSOR.stringData]: dataField(),
  [TENSOR.int64Data]: dataField(),
  [TENSOR.doubleData]: dataField(),
  [TENSOR.uint64Data]: dataField(),
  [TENSOR.name]: name((tensor, value) => {
    tensor.tensor.name = value;
  }),
  [TENSOR.rawData]: {
    kind: 'value',
    set: (tensor, field) => {
      if (field.wireType !== LEN) throw malformed('raw_data has the wrong wire type', field.start);
      tensor.raw = { start: field.bodyStart, end: field.end };
    },
  },
  [TENSOR.externalData]: message((tensor, ref, depth) =>
    entryFrame(ref, depth, (key, value) => tensor.entries.set(key, value)),
  ),
  [TENSOR.dataLocation]: {
    kind: 'value',
    set: (tensor, field) => {
      tensor.external = int(field) === EXTERNAL;
    },
  },
};

function dataField(): Rule<TensorDraft> {
  return {
    kind: 'value',
    set: (tensor, field) => {
      if (field.end > field.bodyStart || field.number === TENSOR.stringData) tensor.fields.add(field.number);
      else return;
      const packed = field.wireType === LEN && field.number !== TENSOR.stringData;
      const last = tensor.pieces.at(-1);
      // Runs of unpacked values are one piece: a million floats can be a million fields.
      if (!packed && last && !last.packed && last.end === field.start) last.end = field.end;
      else tensor.pieces.push({ start: packed ? field.bodyStart : field.start, end: field.end, packed });
      if (tensor.pieces.length > MAX_PIECES)
        throw malformed(`a tensor's data lies in more than ${MAX_PIECES} pieces`, field.start);
    },
  };
}

function storage(tensor: TensorDraft): TensorStorage {
  const field = [...tensor.fields][0];
  if (tensor.external) return externalStorage(tensor.entries);
  if (tensor.segment) return { kind: 'unclear', why: 'it is stored in segments' };
  if (tensor.fields.size > 1) return { kind: 'unclear', why: 'it has data in two fields' };
  if (field === undefined) return tensor.raw ? { kind: 'raw', ...tensor.raw } : NONE;
  if (tensor.raw && tensor.raw.end > tensor.raw.start)
    return { kind: 'unclear', why: 'it has raw_data and data in another field' };
  return { kind: 'typed', field, pieces: tensor.pieces };
}

function externalStorage(entries: ReadonlyMap<string, string>): TensorStorage {
  const location = entries.get('location');
  if (!location) return { kind: 'unclear', why: 'it should lie in another file, but none is named' };
  for (const key of ['offset', 'length']) {
    const value = entries.get(key);
    if (value !== undefined && !(/^\d+$/.test(value) && Number.isSafeInteger(Number(value))))
      return { kind: 'unclear', why: `its external data has the ${key} "${value}"` };
  }
  const length = entries.get('length');
  return {
    kind: 'external',
    location,
    offset: Number(entries.get('offset') ?? 0),
    length: length === undefined ? null : Number(length),
  };
}

function dimension(value: bigint, field: Field): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformed(`a tensor dimension of ${value} is not possible`, field.start);
  return Number(value);
}

interface SparseDraft {
  readonly sparse: Open<SparseTensor>;
  readonly dims: number[];
  values: Tensor | null;
  indices: Tensor | null;
}

/** Reads a SparseTensorProto. Values or indices that are missing become empty tensors. */
export function sparseFrame(ref: MessageRef, depth: number, done: (sparse: SparseTensor) => void): Frame {
  const draft: SparseDraft = {
    sparse: { ref, values: missing(ref), indices: missing(ref), dims: [] },
    dims: [],
    values: null,
    indices: null,
  };
  return frame({ ref, depth }, SPARSE_RULES, draft, () => {
    done({ ref, values: draft.values ?? missing(ref), indices: draft.indices ?? missing(ref), dims: draft.dims });
  });
}

const SPARSE_RULES: Rules<SparseDraft> = {
  [SPARSE_TENSOR.values]: single(
    'A sparse tensor',
    (sparseDraft) => sparseDraft.values !== null,
    (sparseDraft, ref, depth) =>
      tensorFrame(ref, depth, (tensor) => {
        sparseDraft.values = tensor;
      }),
  ),
  [SPARSE_TENSOR.indices]: single(
    'A sparse tensor',
    (sparseDraft) => sparseDraft.indices !== null,
    (sparseDraft, ref, depth) =>
      tensorFrame(ref, depth, (tensor) => {
        sparseDraft.indices = tensor;
      }),
  ),
  [SPARSE_TENSOR.dims]: integers((sparseDraft, value, field) => {
    sparseDraft.dims.push(dimension(value, field));
    if (sparseDraft.dims.length > MAX_RANK)
      throw malformed(`a tensor has more than ${MAX_RANK} dimensions`, field.start);
  }),
};

function missing(ref: MessageRef): Tensor {
  return {
    ref: { start: ref.end, bodyStart: ref.end, end: ref.end, parent: ref },
    name: '',
    dtype: 0,
    dims: [0],
    storage: NONE,
  };
}

interface EntryDraft {
  key: string;
  value: string;
}

/** Reads a StringStringEntryProto: a metadata or external_data entry. */
export function entryFrame(ref: MessageRef, depth: number, done: (key: string, value: string) => void): Frame {
  const draft: EntryDraft = { key: '', value: '' };
  return frame({ ref, depth }, ENTRY_RULES, draft, () => done(draft.key, draft.value));
}

const ENTRY_RULES: Rules<EntryDraft> = {
  [ENTRY.key]: text((entryDraft, value) => {
    entryDraft.key = value;
  }),
  [ENTRY.value]: text((entryDraft, value) => {
    entryDraft.value = value;
  }),
};
