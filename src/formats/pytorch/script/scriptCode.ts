import { readScript, type ScriptClass, type ScriptFile, type ScriptMethod } from './scriptSource.ts';

/** Reads a file of an archive's code; null where there is none, or too much was read. */
export type ReadCode = (path: string) => Promise<string | null>;

/** The code of a TorchScript archive, each file read when something in it is called. */
export class ScriptCode {
  private readonly read: ReadCode;
  private readonly files = new Map<string, Promise<ScriptFile>>();

  constructor(read: ReadCode) {
    this.read = read;
  }

  /** A class by its whole name, `__torch__.torch.nn.modules.conv.Conv2d`; null where there is none. */
  async classOf(name: string): Promise<ScriptClass | null> {
    const [module, className] = split(name);
    return (await this.file(module)).get(className) ?? null;
  }

  /** A function by its whole name, `__torch__.torch.nn.functional.relu`. */
  async functionOf(name: string): Promise<ScriptMethod | null> {
    const [module, functionName] = split(name);
    return (await this.file(module)).get('')?.methods.get(functionName) ?? null;
  }

  private file(module: string): Promise<ScriptFile> {
    const known = this.files.get(module);
    if (known) return known;
    const read = this.read(`${module.replaceAll('.', '/')}.py`).then((text) => readScript(text ?? ''));
    this.files.set(module, read);
    return read;
  }
}

function split(name: string): [module: string, last: string] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
}
