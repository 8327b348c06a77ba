import type { Disk } from '../diskPort.ts';

/** A browser has no disk of its own. */
export const NODE_DISK: Disk | null = null;
