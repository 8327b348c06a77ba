/**
 * Pages are read whole and kept: headers, heaps and trees of one group lie close together, so a small page saves most
 * reads.
 */
export const PAGE_BYTES = 4096;
/** Pages kept at once, 4 MiB: what one walk over a large file's structure comes back to. */
export const MAX_PAGES = 1024;
/**
 * One block of structure (header, heap, node). Writers make blocks of some kilobytes; the largest are local heaps of
 * groups with 100,000 names.
 */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
/** Objects of one file. The largest networks have some 10,000 weights, with optimizer variables some 100,000. */
export const MAX_OBJECTS = 1_000_000;
/** Nodes of one tree; with a million entries and at least two in a node there are not more. */
export const MAX_NODES = 1_000_000;
/**
 * The format stores a level in one byte, and trees grow by a factor of 2 at least: deeper ones hold more than any file.
 */
export const MAX_DEPTH = 64;
/** HDF5's own limit (H5S_MAX_RANK). */
export const MAX_RANK = 32;
/** Texts of attributes are held in memory: a model's configuration has some megabytes at most. */
export const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/**
 * Decoded at once: a row of chunks along the first axis. Writers make chunks of some megabytes, and HDF5 allows no
 * larger than 4 GiB.
 */
export const MAX_SLAB_BYTES = 512 * 1024 * 1024;
/** How often soft links may lead to soft links. HDF5's own default is 16. */
export const MAX_SOFT_LINKS = 16;
