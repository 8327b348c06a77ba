import { dtypeByName } from '../../tensors/dtypes.ts';

/**
 * Our names of the format's element types: https://huggingface.co/docs/safetensors, safetensors 0.8, `Dtype`. How
 * elements below a byte share bytes is not said there; they are read as ONNX packs them.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['BOOL', 'bool'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  ['U16', 'uint16'],
  ['I16', 'int16'],
  ['U32', 'uint32'],
  ['I32', 'int32'],
  ['U64', 'uint64'],
  ['I64', 'int64'],
  ['F4', 'float4e2m1'],
  ['F6_E2M3', 'float6e2m3'],
  ['F6_E3M2', 'float6e3m2'],
  ['F8_E4M3', 'float8e4m3fn'],
  ['F8_E5M2', 'float8e5m2'],
  ['F8_E4M3FNUZ', 'float8e4m3fnuz'],
  ['F8_E5M2FNUZ', 'float8e5m2fnuz'],
  ['F8_E8M0', 'float8e8m0'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F32', 'float32'],
  ['F64', 'float64'],
  ['C64', 'complex64'],
]);

/** A number of no type: such a tensor is listed, and its values can't be read. */
const UNKNOWN_DTYPE = 0;

/** Our number of an element type; UNKNOWN_DTYPE for one we don't know. */
export function dtypeNumber(name: string): number {
  return dtypeByName(NAMES.get(name) ?? '') ?? UNKNOWN_DTYPE;
}
