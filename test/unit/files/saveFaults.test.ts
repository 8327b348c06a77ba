// Slow: a save that fails at each of its steps.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Splice } from '../../../src/bytes/splice.ts';
import type { FileSource } from '../../../src/files/diskPort.ts';
import { openFileSource } from '../../../src/files/fileSource.ts';
import type { SaveSource } from '../../../src/files/save/request.ts';
import { saveBeside } from '../../../src/files/save/save.ts';
import { NODE_FS, type SaveFolder, type SaveFs, type SaveHandle } from '../../../src/files/save/saveFs.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { Random } from '../../fixtures/random.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('save');

const random = new Random(11);
const ORIGINAL = Uint8Array.from({ length: 2_500_000 }, () => random.int(256));
const SPLICES: readonly Splice[] = [
  { start: 1000, end: 1003, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
  { start: 2_000_000, end: 2_000_400, bytes: new Uint8Array(0) },
  { start: ORIGINAL.length, end: ORIGINAL.length, bytes: Uint8Array.of(9, 9) },
];
const EXPECTED = Buffer.concat([
  ORIGINAL.subarray(0, 1000),
  Uint8Array.of(1, 2, 3, 4, 5),
  ORIGINAL.subarray(1003, 2_000_000),
  ORIGINAL.subarray(2_000_400),
  Uint8Array.of(9, 9),
]);
const CHANGED = Buffer.concat([ORIGINAL, Uint8Array.of(7)]);
const INTRUDER = Buffer.from('somebody else wrote this');

/** What a fault may touch while one call is under way. */
interface Scene {
  readonly folder: string;
  readonly source: string;
  readonly controller: AbortController;
}

/** A fault at one call: it gets the call, and may do something before, after or instead of it. */
type Fault = (scene: Scene, perform: () => Promise<unknown>, call: string) => Promise<unknown>;

function failing(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

async function beside(action: () => void, perform: () => Promise<unknown>): Promise<unknown> {
  action();
  return perform();
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'disk full': () => failing('ENOSPC'),
  'an error before it': () => failing('EIO'),
  'an error after it': async (_scene, perform) => {
    await perform();
    return failing('EIO');
  },
  cancel: ({ controller }, perform) => beside(() => controller.abort(), perform),
  'the source is changed': ({ source }, perform) => beside(() => appendFileSync(source, Uint8Array.of(7)), perform),
  'the source is replaced': ({ source }, perform) =>
    beside(() => {
      writeFileSync(`${source}.new`, CHANGED);
      renameSync(`${source}.new`, source);
    }, perform),
  'the source becomes shorter': ({ source }, perform) => beside(() => truncateSync(source, 100), perform),
  'the source goes': ({ source }, perform) => beside(() => rmSync(source), perform),
  'the target appears': ({ folder }, perform) =>
    beside(() => {
      // Once it is ours, nobody else can make it appear.
      if (!existsSync(join(folder, 'out.onnx'))) writeFileSync(join(folder, 'out.onnx'), INTRUDER);
    }, perform),
  'the folder goes': ({ folder }, perform) => beside(() => rmSync(folder, { recursive: true }), perform),
  // Elsewhere than on Linux a folder that has another name can't be reached, and the temporary file stays in it.
  ...(process.platform === 'linux'
    ? {
        'the folder is renamed': ({ folder }: Scene, perform: () => Promise<unknown>) =>
          beside(() => renameSync(folder, `${folder} renamed`), perform),
      }
    : {}),
};

/**
 * Counts every call that saving makes, of the file system and of the source, and lets a fault happen at one of them.
 */
class Stage {
  readonly calls: string[] = [];
  readonly scene: Scene;
  open = 0;
  private readonly at: number;
  private readonly fault: Fault | null;
  private readonly links: boolean;

  constructor(scene: Scene, links: boolean, at: number, fault: Fault | null) {
    this.scene = scene;
    this.links = links;
    this.at = at;
    this.fault = fault;
  }

  private call<T>(name: string, perform: () => Promise<T>): Promise<T> {
    const index = this.calls.push(name) - 1;
    return index === this.at && this.fault ? (this.fault(this.scene, perform, name) as Promise<T>) : perform();
  }

  get fs(): SaveFs {
    return {
      open: async (path, mode, size) => {
        // A file that was opened is known to be open, so a fault comes before or beside.
        const handle = await this.call('open', () =>
          NODE_FS.open(path, mode, size).then((h) => {
            this.open++;
            return h;
          }),
        );
        return this.handle(handle);
      },
      exists: (path) => this.call('exists', () => NODE_FS.exists(path)),
      identity: (path) => this.call('identity', () => NODE_FS.identity(path)),
      link: (from, to) => this.call('link', () => (this.links ? NODE_FS.link(from, to) : failing('EPERM'))),
      rename: (from, to) => this.call('rename', () => NODE_FS.rename(from, to)),
      unlink: (path) => this.call('unlink', () => NODE_FS.unlink(path)),
      folder: async (path) =>
        this.folder(
          await this.call('folder', () =>
            NODE_FS.folder(path).then((f) => {
              this.open++;
              return f;
            }),
          ),
        ),
    };
  }

  /** Whatever close answers, the file is closed. */
  private async closed(what: string, inner: { close(): Promise<void> }): Promise<void> {
    try {
      await this.call(what, () => Promise.resolve());
    } finally {
      await inner.close();
      this.open--;
    }
  }

  private folder(folder: SaveFolder): SaveFolder {
    return {
      remove: (name) => this.call('remove', () => folder.remove(name)),
      sync: () => this.call('sync folder', () => folder.sync()),
      close: () => this.closed('close folder', folder),
    };
  }

  private handle(handle: SaveHandle): SaveHandle {
    return {
      // Large writes take a part of what was asked for: the rest must follow.
      write: (bytes, offset, length, position) =>
        this.call('write', () => handle.write(bytes, offset, Math.min(length, 600_000), position)),
      identity: () => this.call('identity', () => handle.identity()),
      flush: () => this.call('flush', () => handle.flush()),
      sync: () => this.call('sync', () => handle.sync()),
      close: () => this.closed('close', handle),
    };
  }

  source(inner: FileSource): SaveSource {
    return {
      path: inner.path,
      size: inner.size,
      mode: inner.mode,
      sparse: inner.sparse,
      // The source types its own errors, and a file that can't be looked at counts as changed.
      readInto: (target, offset) =>
        this.call('read', () => inner.readInto(target, offset)).catch((error: unknown) => {
          throw error instanceof ChannelwiseError
            ? error
            : new ChannelwiseError('io', 'read-failed', 'could not be read');
        }),
      unchanged: () => this.call('unchanged', () => inner.unchanged()).catch(() => false),
    };
  }
}

let count = 0;

/** One save in a folder of its own, with a fault at call `at`. Checks what must hold whatever happened. */
async function save(
  what: string,
  links: boolean,
  at: number,
  fault: Fault | null,
): Promise<Stage & { outcome: string }> {
  const home = join(root, `${++count}`);
  const scene = { folder: join(home, 'to'), source: join(home, 'model.onnx'), controller: new AbortController() };
  mkdirSync(scene.folder, { recursive: true });
  writeFileSync(scene.source, ORIGINAL);
  const stage = new Stage(scene, links, at, fault);
  const source = await openFileSource(scene.source);
  let outcome = 'written';
  try {
    const path = await saveBeside({
      source: stage.source(source),
      splices: SPLICES,
      directory: scene.folder,
      candidates: (i) => (i < 2 ? `out${i || ''}.onnx` : null),
      signal: scene.controller.signal,
      fs: stage.fs,
    });
    if (existsSync(scene.folder))
      assert.ok(EXPECTED.equals(readFileSync(path)), `${what}: said to be written, but is not what it should be`);
  } catch (error) {
    assert.ok(
      error instanceof ChannelwiseError && ['io', 'cancelled'].includes(error.kind),
      `${what}: ${String(error)}`,
    );
    outcome = error.code;
  }
  // A file whose flush was under way is closed behind the error.
  for (let i = 0; stage.open && i < 200; i++)
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  await source.close();
  const renamed = `${scene.folder} renamed`;
  for (const path of [scene.folder, renamed].flatMap((f) =>
    existsSync(f) ? readdirSync(f).map((name) => join(f, name)) : [],
  )) {
    const name = basename(path);
    // Without hard links a name is reserved for a moment. Where the folder is renamed in that moment the empty file
    // stays, as it may be another one by then.
    if (path.startsWith(renamed) && !links && readFileSync(path).length === 0 && name === 'out.onnx') continue;
    assert.match(name, /^out1?\.onnx$/, `${what}: ${name} was left behind`);
    const bytes = readFileSync(path);
    assert.ok(
      EXPECTED.equals(bytes) || (name === 'out.onnx' && INTRUDER.equals(bytes)),
      `${what}: ${name} has ${bytes.length} bytes that are neither the whole result nor what somebody else wrote`,
    );
  }
  if (existsSync(scene.source)) {
    const bytes = readFileSync(scene.source);
    assert.ok(
      fault && /source/.test(what)
        ? [ORIGINAL, CHANGED, ORIGINAL.subarray(0, 100)].some((b) => bytes.equals(b))
        : bytes.equals(ORIGINAL),
      `${what}: the source was touched`,
    );
  }
  rmSync(home, { recursive: true });
  return Object.assign(stage, { outcome });
}

for (const links of [true, false]) {
  test(`a fault at any step of saving leaves the source as it was, the target absent or complete, and nothing else (${links ? 'with' : 'without'} hard links)`, async () => {
    const plain = await save('no fault', links, -1, null);
    const steps = [
      'exists',
      'unchanged',
      'open',
      'read',
      'write',
      'sync',
      'close',
      'link',
      'identity',
      'folder',
      'remove',
      'sync folder',
      'close folder',
      ...(links ? [] : ['rename']),
    ];
    for (const step of steps) assert.ok(plain.calls.includes(step), `${step} is never called`);
    const outcomes = new Map<string, number>();
    // Up to its first attempt to link, saving does not know that there are no links.
    const from = links ? 0 : plain.calls.indexOf('link');
    for (const [name, fault] of Object.entries(FAULTS)) {
      for (let at = from; at < plain.calls.length; at++) {
        const call = plain.calls[at] ?? '';
        // A file system that opens a file and then says it did not is none; without hard links nothing is left to
        // unlink.
        if (name === 'an error after it' && (call === 'open' || call === 'folder')) continue;
        const done = await save(`${name} at call ${at} (${call})`, links, at, fault);
        assert.ok(done.calls.length > at, `${name} at call ${at}: saving ended before`);
        // Behind a cancel nothing is begun but tidying up and a look at the source.
        if (done.outcome === 'cancelled')
          assert.deepEqual(
            done.calls
              .slice(at + 1)
              .filter((c) => !['unlink', 'remove', 'close', 'close folder', 'unchanged'].includes(c)),
            [],
            `cancel at call ${at} (${call})`,
          );
        assert.equal(done.open, 0, `${name} at call ${at} (${call}): a file stays open`);
        outcomes.set(`${name}: ${done.outcome}`, (outcomes.get(`${name}: ${done.outcome}`) ?? 0) + 1);
      }
    }
    assert.ok(outcomes.has('an error before it: write-failed'));
    if (!links) return;
    // Each fault was felt, and told as what it is.
    for (const told of [
      'disk full: disk-full',
      'an error before it: write-failed',
      'an error after it: write-failed',
      'cancel: cancelled',
      'the source is changed: source-changed',
      'the source is replaced: source-changed',
      'the source becomes shorter: source-changed',
      'the source goes: source-changed',
      'the folder goes: folder-missing',
      ...('the folder is renamed' in FAULTS ? ['the folder is renamed: folder-missing'] : []),
    ]) {
      assert.ok((outcomes.get(told) ?? 0) > 1, `${told}: ${JSON.stringify([...outcomes])}`);
    }
    assert.equal(
      [...outcomes.keys()].filter((o) => o.startsWith('the target appears')).join(),
      'the target appears: written',
    );
  });
}

test('what is written can be read under its temporary name before it is flushed and named', async () => {
  const folder = join(root, 'written');
  mkdirSync(folder);
  const model = join(root, 'written.onnx');
  writeFileSync(model, ORIGINAL);
  const source = await openFileSource(model);
  const events: string[] = [];
  const watched: SaveFs = {
    ...NODE_FS,
    open: async (path, mode, size) => {
      const handle = await NODE_FS.open(path, mode, size);
      return { ...handle, sync: () => handle.sync().finally(() => events.push('flushed')) };
    },
    link: (from, to) => NODE_FS.link(from, to).finally(() => events.push('named')),
  };
  const path = await saveBeside({
    ...{ source, splices: SPLICES, directory: folder, candidates: () => 'out.onnx', fs: watched },
    onWritten: (temporary) => {
      assert.ok(EXPECTED.equals(readFileSync(temporary)), 'every byte is there');
      events.push('written');
    },
  });
  await source.close();
  assert.deepEqual(events, ['written', 'flushed', 'named']);
  assert.deepEqual(readdirSync(folder), [basename(path)]);
});
