import { useVirtualDisk } from '../disk.ts';
import { useVirtualWriter } from '../writing.ts';
import type { HostFiles } from './hostFiles.ts';
import { virtualDisk } from './virtualDisk.ts';
import { virtualWriter } from './virtualWriter.ts';

/** From now on files that are named by URI are the editor's. */
export function useHostFiles(host: HostFiles): void {
  useVirtualDisk(virtualDisk(host));
  useVirtualWriter(virtualWriter(host));
}
