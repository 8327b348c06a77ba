/**
 * A model as the lazy scan sees it: structure in memory, tensor data by location only. Offsets are absolute in the
 * source file. A MessageRef says where a message's bytes lie, so that an edit can splice it.
 */

/**
 * One length-delimited message: `[start, bodyStart)` is tag and length, `[bodyStart, end)` its body. The root has no
 * tag.
 */
export interface MessageRef {
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly parent: MessageRef | null;
}

export interface Model {
  readonly ref: MessageRef;
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly docString: string;
  readonly opsets: readonly OpsetImport[];
  readonly metadata: readonly MetadataEntry[];
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  /** Graphs that train the model. They are never run or changed here, but they may keep weights beside the file. */
  readonly training: readonly Graph[];
}

export interface OpsetImport {
  readonly domain: string;
  readonly version: number;
}

export interface MetadataEntry {
  readonly ref: MessageRef;
  readonly key: string;
  readonly value: string;
}

export interface Graph {
  readonly ref: MessageRef;
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly sparseInitializers: readonly SparseTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
}

export interface FunctionDef {
  readonly ref: MessageRef;
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes without a default. */
  readonly attributeNames: readonly string[];
  /** Attributes with their defaults. */
  readonly attributes: readonly Attribute[];
  readonly opsets: readonly OpsetImport[];
  readonly nodes: readonly Node[];
}

export interface Node {
  readonly ref: MessageRef;
  readonly name: string;
  readonly opType: string;
  /** '' is the standard domain; 'ai.onnx' is read as ''. */
  readonly domain: string;
  /** Which of several functions of this name it calls. */
  readonly overload: string;
  /** '' marks an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  /** What the exporter noted about the node; absent where the file has nothing. */
  readonly metadata?: readonly MetadataEntry[];
}

/** One attribute. Which members are set depends on what the file holds. */
export interface Attribute {
  readonly ref: MessageRef;
  readonly name: string;
  /**
   * AttributeProto.AttributeType: 1 float, 2 int, 3 string, 4 tensor, 5 graph, 6 floats, 7 ints, 8 strings, 9 tensors,
   * 10 graphs, 11 sparse.
   */
  readonly type: number;
  readonly float?: number;
  readonly int?: bigint;
  readonly string?: Uint8Array;
  readonly tensor?: Tensor;
  readonly sparseTensor?: SparseTensor;
  readonly graph?: Graph;
  readonly floats?: readonly number[];
  readonly ints?: readonly bigint[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly Tensor[];
  readonly graphs?: readonly Graph[];
  readonly refAttrName?: string;
}

export interface Tensor {
  readonly ref: MessageRef;
  readonly name: string;
  /** TensorProto.DataType. */
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly storage: TensorStorage;
}

export interface SparseTensor {
  readonly ref: MessageRef;
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly dims: readonly number[];
}

/**
 * Where a tensor's data lies. `typed` is one of the *_data fields, possibly in several pieces.
 * `unclear` is data that can be read in more than one way, or in none; `why` ends a sentence that says so.
 */
export type TensorStorage =
  | { readonly kind: 'raw'; readonly start: number; readonly end: number }
  | { readonly kind: 'typed'; readonly field: number; readonly pieces: readonly TypedPiece[] }
  | { readonly kind: 'external'; readonly location: string; readonly offset: number; readonly length: number | null }
  | { readonly kind: 'unclear'; readonly why: string }
  | { readonly kind: 'none' };

/** Packed: [start, end) is the values. Otherwise it is a run of whole fields, tags included; string_data always is. */
export interface TypedPiece {
  readonly start: number;
  readonly end: number;
  readonly packed: boolean;
}

export interface ValueInfo {
  readonly ref: MessageRef;
  readonly name: string;
  readonly type: ValueType | null;
}

/** Dim: a number, a symbol's name, or null where the file says nothing. `dims: null` is unknown rank. */
export type Dim = number | string | null;

export type ValueType =
  | { readonly kind: 'tensor'; readonly dtype: number; readonly dims: readonly Dim[] | null }
  | {
      readonly kind: 'other';
      readonly what: 'sequence' | 'map' | 'optional' | 'sparse' | 'opaque';
      /** A sequence's or optional's element, a map's value, the dense counterpart of a sparse tensor. */
      readonly element?: ValueType;
      /** The element type of a map's keys. */
      readonly key?: number;
    };
