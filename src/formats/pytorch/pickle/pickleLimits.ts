/**
 * Pickles are held whole: the largest that torch writes are some megabytes, but arrays of numpy stand inside of them.
 */
export const MAX_PICKLE_BYTES = 256 * 1024 * 1024;
/**
 * A tensor takes some 30 instructions, so this is a checkpoint of 100,000 tensors; each instruction costs a hundred
 * bytes of memory.
 */
export const MAX_INSTRUCTIONS = 3_000_000;
/** Texts are decoded up to this length; a longer one is no name. */
export const MAX_TEXT_BYTES = 64 * 1024;
/** A line of protocol 0: names and numbers. */
export const MAX_LINE_BYTES = 64 * 1024;
/** Whole numbers of more bytes are kept as bytes: torch's magic number has ten. */
export const MAX_INTEGER_BYTES = 64;
