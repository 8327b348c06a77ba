import type { Dim, MessageRef, ValueInfo, ValueType } from '../model.ts';
import { frame, int, integer, message, name, single, text } from './scanFields.ts';
import type { Frame, Rules } from './messageWalk.ts';
import { VARINT, malformed } from './wire.ts';
import { DIMENSION, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO, SEQUENCE_TYPE, MAP_TYPE } from '../fields.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a ValueInfoProto and hands it to `done`, when it is complete. */
export function valueInfoFrame(ref: MessageRef, depth: number, done: (value: ValueInfo) => void): Frame {
  const value: Open<ValueInfo> & { typed: boolean } = { ref, name: '', type: null, typed: false };
  return frame({ ref, depth }, VALUE_INFO_RULES, value, () => done({ ref, name: value.name, type: value.type }));
}

const VALUE_INFO_RULES: Rules<Open<ValueInfo> & { typed: boolean }> = {
  [VALUE_INFO.name]: name((d, value) => {
    d.name = value;
  }),
  [VALUE_INFO.type]: single(
    "A value's type",
    (d) => d.typed,
    (d, ref, depth) => {
      d.typed = true;
      const draft: TypeDraft = {
        put: (type) => {
          d.type = type;
        },
        tensor: false,
        level: 0,
      };
      return frame({ ref, depth }, TYPE_RULES, draft);
    },
  ),
};

interface TypeDraft {
  /** Hands on the type as far as it is read; its members may still be filled in. */
  readonly put: (type: ValueType) => void;
  tensor: boolean;
  /** How many types lie around it. */
  readonly level: number;
}

/**
 * What a sequence of sequences of … holds is not read beyond this: no model needs it, and what shows a type may look
 * inside by recursion.
 */
const MAX_TYPE_DEPTH = 8;

/** A type that holds another one, while its members are read. */
interface HolderDraft {
  readonly type: OpenOther;
  readonly level: number;
}

type OpenOther = Open<ValueType & { kind: 'other' }>;

/** A type that holds another one: `fields` read its members. */
function other(what: OpenOther['what'], fields: Rules<HolderDraft> = {}): Rules<TypeDraft>[number] {
  return message((typeDraft, ref, depth) => {
    const type: OpenOther = { kind: 'other', what };
    typeDraft.put(type);
    return frame({ ref, depth }, fields, { type, level: typeDraft.level });
  });
}

/** The element type and shape of a tensor within another type. */
function tensorFrame(ref: MessageRef, depth: number, put: (type: ValueType) => void): Frame {
  const type: Open<ValueType & { kind: 'tensor' }> = { kind: 'tensor', dtype: 0, dims: null };
  put(type);
  return frame({ ref, depth }, TENSOR_TYPE_RULES, type);
}

const ELEMENT: Rules<HolderDraft>[number] = message(({ type, level }, ref, depth) => {
  const draft: TypeDraft = {
    put: (element) => {
      type.element = element;
    },
    tensor: false,
    level: level + 1,
  };
  return frame({ ref, depth }, draft.level > MAX_TYPE_DEPTH ? {} : TYPE_RULES, draft);
});

/**
 * TypeProto is a choice: of several members the last one counts. Two tensor types would be merged, so they are refused.
 */
const TYPE_RULES: Rules<TypeDraft> = {
  [TYPE.tensor]: single(
    "A value's type",
    (typeDraft) => typeDraft.tensor,
    (typeDraft, ref, depth) => {
      typeDraft.tensor = true;
      return tensorFrame(ref, depth, typeDraft.put);
    },
  ),
  [TYPE.sequence]: other('sequence', { [SEQUENCE_TYPE.element]: ELEMENT }),
  [TYPE.map]: other('map', {
    [MAP_TYPE.key]: integer((holderDraft, value) => {
      holderDraft.type.key = value;
    }),
    [MAP_TYPE.value]: ELEMENT,
  }),
  [TYPE.opaque]: other('opaque'),
  [TYPE.sparseTensor]: message((typeDraft, ref, depth) => {
    const type: OpenOther = { kind: 'other', what: 'sparse' };
    typeDraft.put(type);
    return tensorFrame(ref, depth, (element) => {
      type.element = element;
    });
  }),
  [TYPE.optional]: other('optional', { [SEQUENCE_TYPE.element]: ELEMENT }),
};

const TENSOR_TYPE_RULES: Rules<Open<ValueType & { kind: 'tensor' }>> = {
  [TENSOR_TYPE.element]: integer((open, value) => {
    open.dtype = value;
  }),
  [TENSOR_TYPE.shape]: single(
    "A value's shape",
    (open) => open.dims !== null,
    (open, ref, depth) => {
      const dims: Dim[] = [];
      open.dims = dims;
      return frame({ ref, depth }, SHAPE_RULES, dims);
    },
  ),
};

const SHAPE_RULES: Rules<Dim[]> = {
  [SHAPE.dim]: message((dims, ref, depth) => {
    const draft: { dim: Dim } = { dim: null };
    return frame({ ref, depth }, DIMENSION_RULES, draft, () => void dims.push(draft.dim));
  }),
};

const DIMENSION_RULES: Rules<{ dim: Dim }> = {
  [DIMENSION.size]: {
    kind: 'value',
    set: (d, field) => {
      if (field.wireType !== VARINT) throw malformed('a dimension should be a number', field.start);
      // Some exporters write -1 or 0 for "any size".
      d.dim = BigInt.asIntN(64, field.value) > 0n ? int(field) : null;
    },
  },
  [DIMENSION.symbol]: text((d, value) => {
    d.dim = value || null;
  }),
};
