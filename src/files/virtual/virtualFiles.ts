import { useVirtualDisk } from '../disk.ts';
import { useVirtualWriter } from '../writing.ts';
import { HeldFiles } from './heldFiles.ts';
import type { HostFiles } from './hostFiles.ts';
import { virtualDisk } from './virtualDisk.ts';
import { virtualWriter } from './virtualWriter.ts';

/** From now on files that are named by URI are the editor's. */
export function useHostFiles(host: HostFiles): void {
  const held = new HeldFiles(host);
  useVirtualDisk(virtualDisk(host, held));
  useVirtualWriter(virtualWriter(host, held));
}
