import { MemorySource } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../paths.ts';
import type { HostFiles } from './hostFiles.ts';

/**
 * The largest file that is read where there is no disk. `workspace.fs` gives whole files, which are held in memory two
 * or three times on their way here; a browser tab ends at 4 GB.
 */
export const MAX_WHOLE_FILE = 512 * 1024 * 1024;

/** A page asks for one weight after another of the same file, or of it and its original. */
const KEPT_FILES = 2;
/** Questions of a page follow one another within seconds; a page that is only looked at needs no memory. */
const KEPT_MILLISECONDS = 10_000;

interface Held {
  readonly version: string;
  readonly source: Promise<MemorySource>;
}

/** The bytes of the files that were read last, so that each is fetched once and not for every question. */
export class HeldFiles {
  private readonly host: Pick<HostFiles, 'read'>;
  private held: Held[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Pick<HostFiles, 'read'>) {
    this.host = host;
  }

  /** The file's bytes; fetched where no file of this version is held. Throws `source-changed` where it has another size. */
  get(uri: string, version: string, size: number): Promise<MemorySource> {
    const known = this.held.find((file) => file.version === version);
    const file = known ?? { version, source: this.fetch(uri, size) };
    this.held = [file, ...this.held.filter((other) => other !== file)].slice(0, KEPT_FILES);
    file.source.catch(() => this.forget(file));
    this.clearLater();
    return file.source;
  }

  /** Lets go of all, where memory is needed for something else. */
  clear(): void {
    clearTimeout(this.timer);
    this.held = [];
  }

  private clearLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.clear(), KEPT_MILLISECONDS);
    // In Node a timer would keep the process alive.
    (this.timer as { unref?: () => void }).unref?.();
  }

  private forget(file: Held): void {
    this.held = this.held.filter((other) => other !== file);
  }

  private async fetch(uri: string, size: number): Promise<MemorySource> {
    const bytes = await this.host.read(uri);
    if (bytes.length === size) return new MemorySource(bytes);
    throw new ChannelwiseError(
      'io',
      'source-changed',
      `${basename(uri)} changed while it was read; try again when nothing writes to it.`,
    );
  }
}

/** Throws `too-large-here` for a file that can't be read whole, before anything of it is. */
export function checkWholeFile(uri: string, size: number): void {
  if (size <= MAX_WHOLE_FILE) return;
  const most = `${MAX_WHOLE_FILE / 1024 / 1024} MB`;
  throw new ChannelwiseError(
    'io',
    'too-large-here',
    `${basename(uri)} has ${size.toLocaleString('en')} bytes; without a disk files are read whole, and ${most} are the most. Open it from a folder on disk.`,
  );
}
