import { ChannelwiseError } from '../bytes/errors.ts';
import { NODE_WRITER } from './node/writer.ts';
import { isUri } from './paths.ts';
import type { Writer } from './writerPort.ts';

let virtualWriter: Writer | null = null;

/** Entry points call this where files are written that lie on no disk. */
export function useVirtualWriter(writer: Writer | null): void {
  virtualWriter = writer;
}

function writerOf(path: string): Writer {
  const writer = isUri(path) && virtualWriter ? virtualWriter : NODE_WRITER;
  if (writer) return writer;
  throw new ChannelwiseError('io', 'no-disk', `${path} can't be written to from here; save into the workspace.`);
}

export const saveBeside: Writer['saveBeside'] = async (request) => writerOf(request.directory).saveBeside(request);

export const saveFolderBeside: Writer['saveFolderBeside'] = async (request) =>
  writerOf(request.directory).saveFolderBeside(request);

export const writeFileWhole: Writer['writeFileWhole'] = async (path, fill) => writerOf(path).writeFileWhole(path, fill);
