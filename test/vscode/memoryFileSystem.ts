import * as vscode from 'vscode';

interface Entry {
  /** null for a folder. */
  readonly bytes: Uint8Array | null;
  readonly mtime: number;
}

/** Where a provider may fail. */
export type Step = 'stat' | 'readDirectory' | 'readFile' | 'writeFile' | 'rename' | 'delete' | 'createDirectory';

/**
 * A file system on no disk, as a remote repository or an archive is one for VS Code. It can be made to fail, and fails
 * in a folder with a name such as `fails at rename`; a file with a name such as `600 MB.onnx` says that it is so large.
 */
export class MemoryFileSystem implements vscode.FileSystemProvider {
  readonly entries = new Map<string, Entry>([['/', { bytes: null, mtime: 1 }]]);
  /** The steps taken, in order. */
  readonly steps: Step[] = [];
  /** Fails at the step with this number, counted from the first of `steps`. */
  failAt: number | null = null;
  private readonly scheme: string;
  private readonly changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changes.event;
  private clock = 1;

  constructor(scheme: string) {
    this.scheme = scheme;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat({ path }: vscode.Uri): vscode.FileStat {
    this.step('stat', path);
    const { bytes, mtime } = this.get(path);
    const type = bytes ? vscode.FileType.File : vscode.FileType.Directory;
    return { type, ctime: mtime, mtime, size: saidSize(path) ?? bytes?.length ?? 0 };
  }

  readDirectory({ path }: vscode.Uri): [string, vscode.FileType][] {
    this.step('readDirectory', path);
    this.get(path);
    const start = path.endsWith('/') ? path : `${path}/`;
    return [...this.entries]
      .filter(([other]) => other.startsWith(start) && other !== start && !other.slice(start.length).includes('/'))
      .map(([other, { bytes }]) => [
        other.slice(start.length),
        bytes ? vscode.FileType.File : vscode.FileType.Directory,
      ]);
  }

  createDirectory({ path }: vscode.Uri): void {
    this.step('createDirectory', path);
    this.put(path, null);
  }

  readFile({ path }: vscode.Uri): Uint8Array {
    this.step('readFile', path);
    const { bytes } = this.get(path);
    if (!bytes) throw vscode.FileSystemError.FileIsADirectory(path);
    return bytes;
  }

  writeFile({ path }: vscode.Uri, bytes: Uint8Array): void {
    this.step('writeFile', path);
    this.put(path, bytes);
  }

  delete({ path }: vscode.Uri): void {
    this.step('delete', path);
    this.get(path);
    for (const other of [...this.entries.keys()])
      if (other === path || other.startsWith(`${path}/`)) this.entries.delete(other);
    this.tell(vscode.FileChangeType.Deleted, path);
  }

  rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { readonly overwrite: boolean }): void {
    this.step('rename', from.path);
    if (this.entries.has(to.path) && !overwrite) throw vscode.FileSystemError.FileExists(to);
    this.get(from.path);
    for (const [path, { bytes }] of [...this.entries]) {
      if (path !== from.path && !path.startsWith(`${from.path}/`)) continue;
      this.entries.delete(path);
      this.put(`${to.path}${path.slice(from.path.length)}`, bytes);
    }
    this.tell(vscode.FileChangeType.Deleted, from.path);
  }

  /** The names of all files, in order. */
  names(): string[] {
    return [...this.entries]
      .filter(([, { bytes }]) => bytes !== null)
      .map(([path]) => path)
      .sort();
  }

  /** A file, and the folders that lead to it. */
  putWithFolders(path: string, bytes: Uint8Array): void {
    for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      if (!this.entries.has(folder)) this.put(folder, null);
    }
    this.put(path, bytes);
  }

  put(path: string, bytes: Uint8Array | null): void {
    const isNew = !this.entries.has(path);
    this.entries.set(path, { bytes, mtime: ++this.clock });
    this.tell(isNew ? vscode.FileChangeType.Created : vscode.FileChangeType.Changed, path);
  }

  private step(step: Step, path: string): void {
    const at = this.steps.push(step) - 1;
    if (this.failAt === at || path.includes(`/fails at ${step}/`))
      throw vscode.FileSystemError.Unavailable(`${step} fails`);
  }

  private get(path: string): Entry {
    // VS Code's own dialog names folders with a slash at the end.
    const entry = this.entries.get(path.replace(/(.)\/$/, '$1'));
    if (!entry) throw vscode.FileSystemError.FileNotFound(path);
    return entry;
  }

  private tell(type: vscode.FileChangeType, path: string): void {
    this.changes.fire([{ type, uri: vscode.Uri.from({ scheme: this.scheme, path }) }]);
  }
}

/** Megabytes that a file's name says it has. */
function saidSize(path: string): number | null {
  const megabytes = /\/(\d+) MB\.[^/]*$/.exec(path)?.[1];
  return megabytes === undefined ? null : Number(megabytes) * 1024 * 1024;
}
