import { ChannelwiseError } from '../../bytes/errors.ts';
import { countOf } from '../../text/numbers.ts';
import { basename } from '../paths.ts';
import type { FilePart, HostFiles, WholeFiles } from './hostFiles.ts';

/**
 * The largest file that is read where there is no disk. `workspace.fs` gives whole files, and a conversion with its
 * proof takes three times a file's size beside what the file system keeps; a browser tab ends at 4 GB.
 */
export const MAX_WHOLE_FILE = 512 * 1024 * 1024;

/** A page asks for one weight after another of the same file, or of it and its original. */
const KEPT_FILES = 2;
/** Questions of a page follow one another within seconds; a page that is only looked at needs no memory. */
const KEPT_MILLISECONDS = 10_000;

interface Held {
  readonly version: string;
  readonly size: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Files that the editor gives whole, for readers of parts: each is fetched once, and its bytes are held here alone. */
export function inParts(files: WholeFiles): HostFiles {
  const held = new HeldFiles(files);
  return {
    stat: (uri) => files.stat(uri),
    list: (uri) => files.list(uri),
    read: async (uri) => (await files.read(uri)).slice(),
    readPart: (uri, part, memory) => held.readPart(uri, part, memory),
    letGo: async (version) => held.letGo(version),
    write: (uri, bytes) => files.write(uri, bytes),
    makeFolder: (uri) => files.makeFolder(uri),
    rename: (from, to) => files.rename(from, to),
    remove: (uri) => files.remove(uri),
  };
}

/** The bytes of the files that were read last, so that each is fetched once and not for every question. */
class HeldFiles {
  private readonly files: Pick<WholeFiles, 'read'>;
  private held: Held[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(files: Pick<WholeFiles, 'read'>) {
    this.files = files;
  }

  async readPart(uri: string, part: FilePart, memory: ArrayBuffer): Promise<Uint8Array> {
    const { version, size, offset, length } = part;
    const bytes = await this.get(uri, version, size);
    const filled = new Uint8Array(memory);
    filled.set(bytes.subarray(offset, offset + length));
    return filled;
  }

  letGo(version: string): void {
    const known = this.held.find((file) => file.version === version);
    this.forget(version);
    if (known) pressForMemory(known.size);
  }

  private forget(version: string): void {
    this.held = this.held.filter((file) => file.version !== version);
  }

  /** The file's bytes; fetched where no file of this version is held. */
  private get(uri: string, version: string, size: number): Promise<Uint8Array> {
    const known = this.held.find((file) => file.version === version);
    const file = known ?? { version, size, bytes: this.fetch(uri, size) };
    this.held = [file, ...this.held.filter((other) => other !== file)].slice(0, KEPT_FILES);
    file.bytes.catch(() => this.forget(version));
    this.clearLater();
    return file.bytes;
  }

  private clearLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.held = []), KEPT_MILLISECONDS);
    // In Node a timer would keep the process alive.
    (this.timer as { unref?: () => void }).unref?.();
  }

  private async fetch(uri: string, size: number): Promise<Uint8Array> {
    const bytes = await this.files.read(uri);
    if (bytes.length === size) return bytes;
    throw new ChannelwiseError(
      'io',
      'source-changed',
      `${basename(uri)} changed while it was read; try again when nothing writes to it.`,
    );
  }
}

/**
 * Asks for memory and does not touch it. Engines collect buffers when more of them are asked for: without, a file that
 * was let go of stays in memory beside ONNX Runtime, which another thread asks for.
 */
function pressForMemory(bytes: number): void {
  try {
    void new ArrayBuffer(bytes).byteLength;
  } catch {
    // Where there is no room, that has been felt.
  }
}

/** Throws `too-large-here` for a file that can't be read whole, before anything of it is. */
export function checkWholeFile(uri: string, size: number): void {
  if (size <= MAX_WHOLE_FILE) return;
  const most = `${MAX_WHOLE_FILE / 1024 / 1024} MB`;
  throw new ChannelwiseError(
    'io',
    'too-large-here',
    `${basename(uri)} has ${countOf(size, 'byte')}; without a disk files are read whole, and ${most} are the most. Open it from a folder on disk.`,
  );
}
