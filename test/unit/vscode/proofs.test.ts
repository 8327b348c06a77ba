import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { PATIENCE_MS } from '../../../scripts/patience.mjs';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { CallOptions } from '../../../src/rpc/messages.ts';
import type { AdaptReply, VerifyReply, WorkerMethods } from '../../../src/page/workerMethods.ts';
import { inParts } from '../../../src/files/virtual/heldFiles.ts';
import { useHostFiles } from '../../../src/files/virtual/virtualFiles.ts';
import { Conversions, undoneText } from '../../../src/vscode/conversions.ts';
import { Proofs } from '../../../src/vscode/proofs.ts';
import { MemoryFiles } from '../../fixtures/memoryFiles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('proofs');
const ORIGINAL = join(root, 'net.onnx');
writeFileSync(ORIGINAL, 'the original');

const PROVED: VerifyReply = {
  ...{ verdict: 'proved', statement: 'Verified.', against: 'net.onnx', maxAbs: 0, maxRel: 0, tolerance: 0 },
  ...{ runs: [], identicalNodes: 0, stemNodes: 0, bytesCompared: 0, runtime: null, warnings: [], report: [] },
  dataFiles: [],
};

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A wait for what never comes ends, so that the test fails by what it compares. */
async function until(happened: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !happened() && Date.now() < end;) await soon();
}

type Verify = (adapted: string, options: CallOptions) => Promise<VerifyReply>;

/** One conversion: what happens in it, in order. */
class Scene {
  readonly events: string[] = [];
  /** The files of which something new was found out. */
  readonly news: string[] = [];
  readonly temporary: string;
  readonly out: string;
  readonly proofs: Proofs;

  constructor(name: string, verify: Verify) {
    this.temporary = join(root, `.${name}.tmp`);
    this.out = join(root, `${name}.gray.onnx`);
    const run = (_: string, args: WorkerMethods['verify']['args'], options: CallOptions): Promise<VerifyReply> => {
      this.events.push(`proof of ${basename(args.adapted)}`);
      return verify(args.adapted, options);
    };
    this.proofs = new Proofs({ run: run as never }, (adapted) => this.news.push(adapted));
  }

  /** Writes, flushes for as long as the proof takes to begin, and gives the file its name. */
  async write({ onWritten }: CallOptions, flush: () => Promise<void>): Promise<AdaptReply> {
    writeFileSync(this.temporary, 'the adapted model');
    onWritten?.(this.temporary);
    await flush();
    this.events.push('flushed');
    renameSync(this.temporary, this.out);
    this.events.push('named');
    return { outPath: this.out, dataCopies: [], madeFolders: [], summary: '', plan: [] };
  }

  begun(): boolean {
    return this.events.some((event) => event.startsWith('proof'));
  }
}

test('the proof runs while the file is flushed, counts once it has its name, and is kept', async () => {
  const scene = new Scene('meanwhile', () => Promise.resolve(PROVED));
  const flush = (): Promise<void> => until(() => scene.begun());
  const done = scene.proofs.writeAndProve(ORIGINAL, (options) => scene.write(options, flush), {});
  const { outPath, proof } = await done.finally(() => scene.events.push('told'));
  assert.deepEqual(scene.events, ['proof of .meanwhile.tmp', 'flushed', 'named', 'told']);
  assert.equal(outPath, scene.out);
  assert.equal(proof, PROVED);
  assert.equal(await scene.proofs.last(scene.out), PROVED);
  assert.deepEqual(scene.news, [scene.out], 'never under the temporary name');
  writeFileSync(scene.out, 'another model now');
  assert.equal(await scene.proofs.last(scene.out), null);
});

test('a flush that fails drops the proof', async () => {
  let dropped: AbortSignal | undefined;
  const scene = new Scene('failing', (_, { signal }) => {
    dropped = signal;
    return new Promise(() => undefined);
  });
  const full = new ChannelwiseError('io', 'disk-full', 'The disk is full.');
  const flush = async (): Promise<void> => {
    await until(() => scene.begun());
    throw full;
  };
  await assert.rejects(
    scene.proofs.writeAndProve(ORIGINAL, (options) => scene.write(options, flush), {}),
    full,
  );
  assert.deepEqual(scene.events, ['proof of .failing.tmp']);
  assert.equal(dropped?.aborted, true);
  assert.equal(await scene.proofs.last(scene.out), null);
});

test('a cancel reaches the proof as well as the write', async () => {
  const cancel = new AbortController();
  const scene = new Scene('cancelled', async (_, { signal }) => {
    cancel.abort();
    assert.equal(signal?.aborted, true);
    throw new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.');
  });
  const flush = async (): Promise<void> => {
    await until(() => cancel.signal.aborted);
    throw new ChannelwiseError('cancelled', 'cancelled', 'Cancelled; nothing was written.');
  };
  const { signal } = cancel;
  await assert.rejects(
    scene.proofs.writeAndProve(ORIGINAL, (options) => scene.write(options, flush), { signal }),
    { code: 'cancelled' },
  );
});

const AGAIN: readonly {
  readonly what: string;
  readonly verify: (scene: () => Scene) => Verify;
}[] = [
  {
    what: 'could not be read before it got its name',
    verify: () => (adapted) =>
      adapted.endsWith('.tmp')
        ? Promise.reject(new ChannelwiseError('io', 'missing', 'gone'))
        : Promise.resolve(PROVED),
  },
  {
    what: 'is written to meanwhile',
    verify: (scene) => async (adapted) => {
      if (adapted.endsWith('.tmp')) writeFileSync(scene().temporary, 'what another program wrote');
      return { ...PROVED, against: basename(adapted) };
    },
  },
];

for (const { what, verify } of AGAIN)
  test(`a file that ${what} is proved under its name`, async () => {
    const scene: Scene = new Scene(
      'again',
      verify(() => scene),
    );
    const flush = (): Promise<void> => until(() => scene.begun());
    const { proof } = await scene.proofs.writeAndProve(ORIGINAL, (options) => scene.write(options, flush), {});
    assert.deepEqual(scene.events.slice(0, 3), ['proof of .again.tmp', 'flushed', 'named']);
    assert.deepEqual(scene.events.slice(3), ['proof of again.gray.onnx']);
    assert.equal(proof.verdict, 'proved');
    assert.notEqual(await scene.proofs.last(scene.out), null);
  });

test('where the look at the new file fails, it is written and proved all the same', async () => {
  const memory = new MemoryFiles();
  const [original, temporary, out] = ['mem:/net.onnx', 'mem:/.net.tmp', 'mem:/net.gray.onnx'];
  memory.put(original, new Uint8Array(8));
  memory.onCall = (call, uri) => {
    if (call === 'read' && uri === out) throw new ChannelwiseError('io', 'EIO', 'The connection was lost.');
  };
  useHostFiles(inParts(memory));
  const proofs = new Proofs({ run: (() => Promise.resolve(PROVED)) as never }, () => undefined);
  const write = async ({ onWritten }: CallOptions): Promise<AdaptReply> => {
    memory.put(temporary, new Uint8Array(8));
    onWritten?.(temporary);
    await soon();
    await memory.rename(temporary, out);
    return { outPath: out, dataCopies: [], madeFolders: [], summary: '', plan: [] };
  };
  const { outPath, proof } = await proofs.writeAndProve(original, write, {});
  assert.deepEqual([outPath, proof], [out, PROVED]);
  assert.equal(await proofs.last(out), null, 'nobody could tell whether it is still the same file');
  const told: string[] = [];
  const conversions = new Conversions({ findingsChanged: (path) => told.push(path), close: () => Promise.resolve() });
  assert.match((await conversions.remember({ outPath, dataCopies: [], madeFolders: [] })) ?? '', /connection was lost/);
  assert.deepEqual(told, [out]);
  assert.equal(await conversions.canUndo(out), false);
});

test('what Undo says names the files that stay, and why', () => {
  const gone = { path: '/m/net.gray.onnx', removed: [], stayed: [] };
  const changed = { path: '/m/a.bin', why: 'changed since' } as const;
  const used = (name: string) => ({ path: `/m/${name}`, why: 'may be used by another model' }) as const;
  const ROWS = [
    [[gone], 'Undone: net.gray.onnx deleted.'],
    [[{ ...gone, removed: ['/m/a.bin'] }], 'Undone: net.gray.onnx and the file copied for it deleted.'],
    [[{ ...gone, stayed: [changed] }], 'Undone: net.gray.onnx deleted. a.bin stays (changed since).'],
    [
      [
        { ...gone, removed: ['/m/c', '/m/d'] },
        { ...gone, stayed: [changed, used('b.bin'), used('c.bin')] },
      ],
      'Undone: 2 models deleted. a.bin stays (changed since). ' +
        'b.bin and 1 more stay (may be used by another model).',
    ],
  ] as const;
  for (const [undone, text] of ROWS) assert.equal(undoneText(undone), text);
});
