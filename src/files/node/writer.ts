import { saveBeside } from '../save/save.ts';
import { saveFolderBeside } from '../save/saveFolder.ts';
import { writeFileWhole } from '../save/wholeFile.ts';
import type { Writer } from '../writerPort.ts';

/** Writes on the disk of the machine that this runs on; a browser has none. */
export const NODE_WRITER: Writer | null = { saveBeside, saveFolderBeside, writeFileWhole };
