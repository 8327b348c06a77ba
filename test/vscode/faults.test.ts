import * as vscode from 'vscode';
import { grayscale } from '../../src/adapt/maps/channelMap.ts';
import { crc32 } from '../../src/bytes/crc32.ts';
import type { AdaptReply } from '../../src/page/workerMethods.ts';
import { saveEvaluation } from '../../src/vscode/editor/evaluation.ts';
import { placeOf } from '../../src/vscode/modelFiles.ts';
import assert from './assert.ts';
import { filesBelow, read, uri } from './files.ts';
import { MemoryFileSystem, type Step } from './memoryFileSystem.ts';
import { answering } from './seams.ts';
import { ownExtension } from './workspace.ts';

const SCHEME = 'channelwise-faults';
const inMemory = (path: string): vscode.Uri => vscode.Uri.from({ scheme: SCHEME, path });

interface Model {
  /** The folder of the workspace's `formats` that holds it, with what belongs to it. */
  readonly folder: string;
  readonly name: string;
  /** A tensor to be exported. */
  readonly tensor: string;
  /** Tried on a server too, where each step takes long: one with data in folders below it, and one in several files. */
  readonly onServer?: true;
}

/** One of every format; with data in folders below it, with a config, and in several files. */
const MODELS: readonly Model[] = [
  { folder: 'onnx', name: 'net.onnx', tensor: 'stem' },
  { folder: 'onnx-data', name: 'net.onnx', tensor: 'far', onServer: true },
  { folder: 'safetensors', name: 'net.safetensors', tensor: 'conv1.weight' },
  { folder: 'torch', name: 'net.pth', tensor: 'conv1.weight' },
  { folder: 'hdf5', name: 'net.h5', tensor: 'conv2d/kernel' },
  { folder: 'keras', name: 'net.keras', tensor: 'conv2d/kernel' },
  { folder: 'configured', name: 'net.safetensors', tensor: 'conv1.weight' },
  { folder: 'sharded', name: 'net.safetensors.index.json', tensor: 'conv1.weight', onServer: true },
  { folder: 'sharded', name: 'net-1.safetensors', tensor: 'conv1.weight' },
];

const extension = ownExtension();
const files = new MemoryFileSystem(SCHEME);

const place = (...names: readonly string[]): string => placeOf(inMemory(`/${names.join('/')}`));

const convert = ({ folder, name }: Model): Promise<AdaptReply> =>
  extension.jobs.run('convertToGray', { path: place(folder, name) });

const adaptElsewhere = ({ folder, name }: Model): Promise<AdaptReply> =>
  extension.jobs.run('adapt', { path: place(folder, name), map: grayscale(), out: place('other', name) });

/** Undo knows what was written since VS Code was opened. */
async function remembered(writing: Promise<AdaptReply>): Promise<string> {
  const { outPath, dataCopies, madeFolders } = await writing;
  assert.ok(outPath !== null);
  await extension.conversions.remember({ outPath, dataCopies, madeFolders });
  return outPath;
}

function exportTo(outPath: string, { folder, name, tensor }: Model): Promise<unknown> {
  return extension.jobs.run('saveTensor', { path: place(folder, name), tensor, format: 'npy', outPath });
}

/** As if the model had been evaluated on the folder's images. */
async function saveLines({ folder, name }: Model): Promise<unknown> {
  const { stop } = answering(inMemory('/other/older.npy'), []);
  const evaluatedOn = { models: { original: place(folder, name), adapted: null }, folder: place(folder), csv: 'a,b\n' };
  return saveEvaluation({ uri: inMemory(`/${folder}/${name}`), evaluatedOn }).finally(stop);
}

/** What writes or deletes, and the steps of a file system at which that has to fail. */
interface Kind {
  readonly run: (model: Model, prepared: string) => Promise<unknown>;
  /** Goes before, without a fault. */
  readonly prepare?: (model: Model) => Promise<string>;
  readonly failsAt: readonly Step[];
}

const undo = (_: Model, written: string): Promise<unknown> => extension.conversions.undo(written);

const KINDS: Readonly<Record<string, Kind>> = {
  'Convert to Grayscale': { run: convert, failsAt: ['stat', 'readFile', 'writeFile', 'rename'] },
  'an adaptation into another folder': { run: adaptElsewhere, failsAt: ['stat', 'readFile', 'writeFile', 'rename'] },
  'Undo of a conversion': { prepare: (model) => remembered(convert(model)), run: undo, failsAt: ['delete'] },
  'Undo in another folder': {
    prepare: (model) => remembered(adaptElsewhere(model)),
    run: undo,
    failsAt: ['delete'],
  },
  'an export into a new file': {
    run: (model) => exportTo(place('other', 'new.npy'), model),
    failsAt: ['stat', 'readFile', 'writeFile', 'rename'],
  },
  'an export over a file': {
    run: (model) => exportTo(place('other', 'older.npy'), model),
    failsAt: ['stat', 'readFile', 'writeFile', 'rename'],
  },
  'an evaluation over a file': { run: saveLines, failsAt: ['writeFile', 'rename'] },
};

/** The folder of the model and another one, as if nothing had happened yet. */
async function freshFiles({ folder }: Model): Promise<State> {
  files.entries.clear();
  for (const path of ['/', `/${folder}`, '/other']) files.put(path, null);
  files.put('/other/older.npy', Uint8Array.of(1, 2, 3));
  const from = uri('formats', folder);
  for (const path of await filesBelow(from))
    files.putWithFolders(`/${folder}/${path}`, await read(vscode.Uri.joinPath(from, path)));
  return state();
}

/** What lies where, by path: a folder, or the checksum of a file. */
type State = Readonly<Record<string, number | 'folder'>>;

const state = (): State =>
  Object.fromEntries([...files.entries].map(([path, { bytes }]) => [path, bytes ? crc32(bytes) : 'folder']));

interface Attempt {
  /** What was there before. */
  readonly before: State;
  readonly error: Error | null;
}

/** Does it with a fault at the step with this number, or without. */
async function attempt(model: Model, { prepare, run }: Kind, failAt: number | null): Promise<Attempt> {
  const prepared = (await prepare?.(model)) ?? '';
  const before = state();
  files.steps.length = 0;
  files.failAt = failAt;
  const error = await run(model, prepared).then(
    () => null,
    (thrown: unknown) => thrown as Error,
  );
  files.failAt = null;
  return { before, error };
}

/** Elsewhere each step goes through a server. */
const inBrowser = vscode.env.remoteName === undefined;
const TRIED = MODELS.filter(({ onServer }) => inBrowser || onServer);

/** The steps at which it is made to fail: all of them, or the first and the last of each kind. */
function chosen(steps: readonly Step[]): readonly number[] {
  return [...steps.entries()].flatMap(([at, step]) => {
    const isOuter = steps.indexOf(step) === at || steps.lastIndexOf(step) === at;
    return inBrowser || isOuter ? [at] : [];
  });
}

describe('A file system that fails at any step', () => {
  let registered: vscode.Disposable | null = null;
  before(() => {
    registered = vscode.workspace.registerFileSystemProvider(SCHEME, files, { isCaseSensitive: true });
  });
  after(() => registered?.dispose());

  for (const model of TRIED)
    for (const [kindName, kind] of Object.entries(KINDS))
      it(`leaves ${model.folder}/${model.name} as it was: ${kindName}`, async () => {
        const original = await freshFiles(model);
        await attempt(model, kind, null);
        if (kind.prepare) assert.deepEqual(state(), original, 'without a fault it is taken back');
        const felt = new Set<Step>();
        for (const at of chosen([...files.steps])) {
          await freshFiles(model);
          const { before, error } = await attempt(model, kind, at);
          const [now, what] = [state(), `step ${at}, ${files.steps[at]}: ${error?.message}`];
          assert.deepEqual(
            Object.keys(now).filter((path) => path.endsWith('.tmp')),
            [],
            what,
          );
          if (error === null) continue;
          felt.add(files.steps[at] ?? 'stat');
          assert.deepEqual(now, before, what);
        }
        assert.deepEqual(
          kind.failsAt.filter((step) => !felt.has(step)),
          [],
          'steps at which it must fail',
        );
      });
});
