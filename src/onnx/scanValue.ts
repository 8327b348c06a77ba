import type { Dim, MessageRef, ValueInfo, ValueType } from './model.ts';
import { frame, int, integer, message, name, single, text } from './scanFields.ts';
import type { Frame, Rules } from './walk.ts';
import { VARINT, malformed } from './wire.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a ValueInfoProto and hands it to `done`, when it is complete. */
export function valueInfoFrame(ref: MessageRef, depth: number, done: (value: ValueInfo) => void): Frame {
  const value: Open<ValueInfo> & { typed: boolean } = { ref, name: '', type: null, typed: false };
  return frame(ref, VALUE_INFO, value, depth, () => done({ ref, name: value.name, type: value.type }));
}

const VALUE_INFO: Rules<Open<ValueInfo> & { typed: boolean }> = {
  1: name((d, value) => { d.name = value; }),
  2: single("A value's type", (d) => d.typed, (d, ref, depth) => {
    d.typed = true;
    return frame(ref, TYPE, { value: d, tensor: false }, depth);
  }),
};

interface TypeDraft {
  readonly value: Open<ValueInfo>;
  tensor: boolean;
}

function other(what: (ValueType & { kind: 'other' })['what']): Rules<TypeDraft>[number] {
  return message((d, ref, depth) => {
    d.value.type = { kind: 'other', what };
    return frame(ref, {}, d, depth);
  });
}

/** TypeProto is a choice: of several members the last one counts. Two tensor types would be merged, so they are refused. */
const TYPE: Rules<TypeDraft> = {
  1: single("A value's type", (d) => d.tensor, (d, ref, depth) => {
    d.tensor = true;
    const type: Open<ValueType & { kind: 'tensor' }> = { kind: 'tensor', dtype: 0, dims: null };
    d.value.type = type;
    return frame(ref, TENSOR_TYPE, type, depth);
  }),
  4: other('sequence'), 5: other('map'), 7: other('opaque'), 8: other('sparse'), 9: other('optional'),
};

const TENSOR_TYPE: Rules<Open<ValueType & { kind: 'tensor' }>> = {
  1: integer((d, value) => { d.dtype = value; }),
  2: single("A value's shape", (d) => d.dims !== null, (d, ref, depth) => {
    const dims: Dim[] = [];
    d.dims = dims;
    return frame(ref, SHAPE, dims, depth);
  }),
};

const SHAPE: Rules<Dim[]> = {
  1: message((dims, ref, depth) => {
    const draft: { dim: Dim } = { dim: null };
    return frame(ref, DIMENSION, draft, depth, () => void dims.push(draft.dim));
  }),
};

const DIMENSION: Rules<{ dim: Dim }> = {
  1: {
    kind: 'value',
    set: (d, field) => {
      if (field.wireType !== VARINT) throw malformed('a dimension should be a number', field.start);
      // Some exporters write -1 or 0 for "any size".
      d.dim = BigInt.asIntN(64, field.value) > 0n ? int(field) : null;
    },
  },
  2: text((d, value) => { d.dim = value || null; }),
};
