import { ChannelwiseError } from '../bytes/errors.ts';
import type { Disk } from './diskPort.ts';
import { NODE_DISK } from './node/disk.ts';
import { isUri } from './paths.ts';

let virtualDisk: Disk | null = null;

/** Entry points call this where files are read that lie on no disk. */
export function useVirtualDisk(disk: Disk | null): void {
  virtualDisk = disk;
}

/** Who keeps the file with this name: for a URI the virtual disk, where there is one, and for all else the real one. */
export function diskOf(path: string): Disk {
  const disk = isUri(path) && virtualDisk ? virtualDisk : NODE_DISK;
  if (disk) return disk;
  throw new ChannelwiseError('io', 'no-disk', `${path} can't be reached from here; open it from the workspace.`);
}
