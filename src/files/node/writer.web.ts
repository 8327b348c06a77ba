import type { Writer } from '../writerPort.ts';

/** A browser has no disk of its own. */
export const NODE_WRITER: Writer | null = null;
