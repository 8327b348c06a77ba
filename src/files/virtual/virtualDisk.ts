import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Disk, FileStat } from '../diskPort.ts';
import { errorCode, isMissing } from '../errorCode.ts';
import { checkWholeFile } from './heldFiles.ts';
import type { HostFiles } from './hostFiles.ts';
import { VirtualFile } from './virtualFile.ts';

/** The port for files over an editor's virtual file systems. They have no links, so that a path is what it seems. */
export function virtualDisk(host: HostFiles): Disk {
  const stat = async (path: string): Promise<FileStat> => {
    const { stamp, ...found } = await host.stat(path);
    const version = `${path}:${found.size}:${stamp}`;
    return { ...found, identity: path, version, content: version };
  };
  const exists = async (path: string): Promise<boolean> => {
    try {
      await host.stat(path);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  };
  const versionNow = (path: string): Promise<string | null> =>
    stat(path).then(
      ({ version }) => version,
      () => null,
    );
  return {
    stat,
    exists,
    async open(path) {
      const found = await stat(path).catch((error: unknown) => {
        throw openError(path, error);
      });
      if (found.kind === 'folder')
        throw new ChannelwiseError('io', 'directory', `${path} is a folder; give a model file.`);
      if (found.kind === 'other')
        throw new ChannelwiseError('io', 'not-a-file', `${path} is not a regular file; give a model file.`);
      checkWholeFile(path, found.size);
      return new VirtualFile(path, found, { host, versionNow: () => versionNow(path) });
    },
    async realPath(path) {
      await host.stat(path);
      return path;
    },
    list: (folder) => host.list(folder),
    removeFile: (path) => host.remove(path),
    async removeFolder(path) {
      const entries = await host.list(path);
      if (entries.length > 0)
        throw new ChannelwiseError('io', 'ENOTEMPTY', `${path} is not empty, so it was not removed.`);
      await host.remove(path);
    },
    makeFolder: (path) => host.makeFolder(path),
  };
}

function openError(path: string, error: unknown): ChannelwiseError {
  const code = errorCode(error);
  if (code === 'ENOENT') return new ChannelwiseError('io', 'missing', `${path} does not exist.`);
  if (code === 'EACCES') return new ChannelwiseError('io', 'no-permission', `You may not read ${path}.`);
  return new ChannelwiseError('io', 'open-failed', `${path} could not be opened (${code}).`);
}
