import { dtypeByName } from '../../tensors/dtypes.ts';

/** torch's names of element types where they are not those of DTYPES. */
const ALIASES: Readonly<Record<string, string>> = {
  float: 'float32',
  double: 'float64',
  half: 'float16',
  short: 'int16',
  int: 'int32',
  long: 'int64',
  cfloat: 'complex64',
  cdouble: 'complex128',
  // "fnu": finite, with NaN, unsigned.
  float8_e8m0fnu: 'float8e8m0',
};

/** The element type in a storage class's name, `torch.FloatStorage`. */
const STORAGE_TYPES: Readonly<Record<string, string>> = {
  Float: 'float32',
  Double: 'float64',
  Half: 'float16',
  BFloat16: 'bfloat16',
  Byte: 'uint8',
  Char: 'int8',
  Short: 'int16',
  Int: 'int32',
  Long: 'int64',
  Bool: 'bool',
  ComplexFloat: 'complex64',
  ComplexDouble: 'complex128',
  Float8_e4m3fn: 'float8e4m3fn',
  Float8_e4m3fnuz: 'float8e4m3fnuz',
  Float8_e5m2: 'float8e5m2',
  Float8_e5m2fnuz: 'float8e5m2fnuz',
  // Quantised: the whole numbers as they are stored; scale and zero point stand in the tensor.
  QInt8: 'int8',
  QUInt8: 'uint8',
  QInt32: 'int32',
};

const STORAGE_CLASS = /^_?(\w+?)Storage$/;
const STORAGE_MODULES = new Set(['torch', 'torch.cuda', 'torch.storage']);

/** The element type of a storage class: a key of DTYPES, 'untyped' for one of bytes, null for what is no storage. */
export function storageDtype(module: string, name: string): number | 'untyped' | null {
  const type = STORAGE_MODULES.has(module) ? STORAGE_CLASS.exec(name)?.[1] : undefined;
  if (type === undefined) return null;
  if (type === 'Untyped') return 'untyped';
  return Object.hasOwn(STORAGE_TYPES, type) ? dtypeByName(STORAGE_TYPES[type] ?? '') : null;
}

/** The element type that a global like torch.float8_e4m3fn names: a key of DTYPES; null for any other. */
export function torchDtype(module: string, name: string): number | null {
  if (module !== 'torch') return null;
  const known = Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
  return dtypeByName(known.replace('_', ''));
}
