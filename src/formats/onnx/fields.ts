/**
 * The fields of ONNX's messages that are read or written here, by the numbers that onnx.proto gives them:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

export const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  domain: 4,
  modelVersion: 5,
  docString: 6,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
  training: 20,
  functions: 25,
} as const;

export const TRAINING = { initialization: 1, algorithm: 2 } as const;

export const OPSET = { domain: 1, version: 2 } as const;

export const FUNCTION = {
  name: 1,
  input: 4,
  output: 5,
  attributeName: 6,
  node: 7,
  opsetImport: 9,
  domain: 10,
  /** Attributes with the value that they have where a call names none. */
  attribute: 11,
  overload: 13,
} as const;

export const GRAPH = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const;

export const NODE = {
  input: 1,
  output: 2,
  name: 3,
  opType: 4,
  attribute: 5,
  domain: 7,
  overload: 8,
  metadata: 9,
} as const;

export const ATTRIBUTE = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  refAttrName: 21,
  sparseTensor: 22,
} as const;

/** AttributeProto.AttributeType: the kind of value, which an empty list still says. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

export const TENSOR = {
  dims: 1,
  dtype: 2,
  segment: 3,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

/** TensorProto.DataLocation of data that lies beside the model. */
export const EXTERNAL = 1;

export const SPARSE_TENSOR = { values: 1, indices: 2, dims: 3 } as const;

/** StringStringEntryProto: metadata, and where external data lies. */
export const ENTRY = { key: 1, value: 2 } as const;

export const VALUE_INFO = { name: 1, type: 2 } as const;

export const TYPE = { tensor: 1, sequence: 4, map: 5, opaque: 7, sparseTensor: 8, optional: 9 } as const;

/** TypeProto.Tensor, and TypeProto.SparseTensor alike. */
export const TENSOR_TYPE = { element: 1, shape: 2 } as const;

/** TypeProto.Sequence, and TypeProto.Optional alike. */
export const SEQUENCE_TYPE = { element: 1 } as const;

export const MAP_TYPE = { key: 1, value: 2 } as const;

/** TensorShapeProto. */
export const SHAPE = { dim: 1 } as const;

/** TensorShapeProto.Dimension: a size, or the name of one. */
export const DIMENSION = { size: 1, symbol: 2 } as const;
