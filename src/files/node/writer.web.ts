import type { Writer } from '../writing.ts';

/** A browser has no disk of its own. */
export const NODE_WRITER: Writer | null = null;
