/** The element types of the format and ours: https://huggingface.co/docs/safetensors, safetensors 0.5, `Dtype`. */
const DTYPE_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['BOOL', 9],
  ['U8', 2],
  ['I8', 3],
  ['U16', 4],
  ['I16', 5],
  ['U32', 12],
  ['I32', 6],
  ['U64', 13],
  ['I64', 7],
  ['F8_E4M3', 17],
  ['F8_E5M2', 19],
  ['F8_E8M0', 24],
  ['F16', 10],
  ['BF16', 16],
  ['F32', 1],
  ['F64', 11],
  ['C64', 14],
]);

/** A number that DTYPES does not have: such a tensor is listed, and its values can't be read. */
export const UNKNOWN_DTYPE = 0;

/** Our number of an element type; UNKNOWN_DTYPE for one we don't know. */
export function dtypeNumber(name: string): number {
  return DTYPE_NUMBERS.get(name) ?? UNKNOWN_DTYPE;
}
