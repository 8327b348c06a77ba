// Slow: PyTorch loads and runs what was converted.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SplicedSource } from '../../../src/bytes/splicedSource.ts';
import { canWrite, type TensorChange } from '../../../src/formats/format.ts';
import { adaptWeights } from '../../../src/adapt/weights/adaptWeights.ts';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { withOpenFile, type OpenFile } from '../../../src/jobs/open/openFile.ts';
import { changedFiles } from '../../../src/jobs/weights/changedFiles.ts';
import { foldTensor } from '../../fixtures/torch/foldTensor.ts';
import {
  torchLoaders,
  type SavedFile,
  type SavedNetwork,
  type Taken,
  type TorchLoaders,
} from '../../fixtures/torch/torchLoaders.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/**
 * Outputs on gray against the original's on gray repeated, computed in double precision from weights that were rounded
 * once.
 */
const TOLERANCE = 1e-5;
/** Half-precision weights are rounded at 2^-11. */
const HALF_TOLERANCE = 1e-3;
/** What a wrong conversion is off by at least, where PyTorch takes the file at all. */
const SEEN = 0.01;
const NETWORKS = ['resnet18', 'vgg11_bn', 'mobilenet_v3_small', 'densenet121', 'convnext_tiny', 'vit_b_16', 'swin_t'];
const WITH_OPTIMIZER = ['sgd', 'adamw'];
/** How every network is saved; savedForms.py has them. */
const MAIN_FORMS = ['safetensors', ...WITH_OPTIMIZER];
/** How resnet18 is saved, and in turn the others, since what these differ in does not depend on the network. */
const OTHER_FORMS = [
  ...['zip', 'protocol4', 'legacy', 'scripted', 'traced', 'module', 'legacy-module'],
  ...['lightning', 'ultralytics', 'average', 'shards', 'bin-shards'],
];
/** `CHANNELWISE_LOADERS=full` saves whole networks, each in all forms, and prints every difference (CONTRIBUTING). */
const FULL = process.env.CHANNELWISE_LOADERS === 'full';

function formsOf(network: string): readonly string[] {
  const turn = NETWORKS.indexOf(network);
  if (turn === 0 || FULL) return [...MAIN_FORMS, ...OTHER_FORMS];
  const others = [2 * turn, 2 * turn + 1].map((i) => OTHER_FORMS[i % OTHER_FORMS.length] ?? '');
  return [...MAIN_FORMS, ...others];
}

const folder = temporaryFolder('loaders');

/** Recipes that people post, and that must be seen to fail: what they change in place of the right changes. */
type Recipe = (open: OpenFile, right: readonly TensorChange[]) => Promise<readonly TensorChange[]>;

const WRONG: Readonly<Record<string, Recipe>> = {
  'the mean in place of the sum': ({ file }, right) =>
    Promise.all(right.map(({ tensor }) => foldTensor(file, tensor, true))),
  'another weight': async ({ file }, right) => {
    const layers = new Set(right.map(({ tensor }) => tensor));
    const other = file.tensors.find(
      ({ name, dims: [, inputs = 0] }) => name.endsWith('.weight') && !layers.has(name) && inputs > 1,
    );
    assert.ok(other);
    return [await foldTensor(file, other.name, false)];
  },
};
const OPTIMIZER_LEFT: Readonly<Record<string, Recipe>> = {
  'the optimizer as it was': (_, right) => Promise.resolve(right.filter(({ tensor }) => tensor.startsWith('model.'))),
};

/** A copy of the saved file, and of what lies beside it, in which a recipe has changed tensors. */
async function convertWrongly(path: string, to: string, recipe: Recipe): Promise<string> {
  await withOpenFile(path, undefined, async (open) => {
    const { writer, tensors } = open.file;
    assert.ok(canWrite(writer));
    const right = await adaptWeights({ tensors, map: grayscale() });
    const changes = await recipe(open, right.changes);
    cpSync(dirname(path), to, { recursive: true });
    for (const { name, source, splices } of await changedFiles(open, { writer, changes, record: '{}' })) {
      const changed = new SplicedSource(source, splices);
      writeFileSync(join(to, name), await changed.read(0, changed.size));
    }
  });
  return join(to, basename(path));
}

/** The product's own conversion, which must find the input layer by itself. */
async function convert({ path, first }: SavedFile): Promise<string> {
  const { outPath, plan } = await convertToGray(path);
  const found = plan.folds.filter(({ tensor }) => `.${tensor}`.endsWith(`.${first}.weight`));
  assert.notEqual(found.length, 0, path);
  assert.ok(outPath);
  return outPath;
}

/** A wrong recipe, and how the file that it makes was taken. */
type Seen = readonly [recipe: string, taken: Taken | undefined];

/** Saves a network in one form, converts it rightly and in every wrong way, and lets PyTorch load and run them. */
async function taken(
  python: TorchLoaders,
  saved: SavedNetwork,
  place: string,
): Promise<{ right: Taken | undefined; wrong: Seen[] }> {
  const own = join(place, 'saved');
  mkdirSync(own, { recursive: true });
  const file = await python.make(own, saved);
  const recipes = Object.entries(WITH_OPTIMIZER.includes(saved.form) ? { ...WRONG, ...OPTIMIZER_LEFT } : WRONG);
  const wrong: string[] = [];
  for (const [name, recipe] of recipes) wrong.push(await convertWrongly(file.path, join(place, name), recipe));
  const [right, ...others] = await python.check(file.path, [await convert(file), ...wrong], saved);
  return { right, wrong: recipes.map(([name], i) => [name, others[i]]) };
}

/** PyTorch takes the right conversion, and a wrong one fails or gives something else. */
async function check(
  python: TorchLoaders,
  { network, form }: Omit<SavedNetwork, 'size'>,
  t: TestContext,
): Promise<void> {
  const place = join(folder, `${network}-${form}`);
  const { right, wrong } = await taken(python, { network, size: FULL ? 'full' : 'small', form }, place);
  rmSync(place, { recursive: true });
  if (FULL) t.diagnostic(JSON.stringify({ network, form, right, wrong }));
  const tolerance = form === 'ultralytics' ? HALF_TOLERANCE : TOLERANCE;
  assert.ok(typeof right === 'number' && right < tolerance, `${right}`);
  for (const [recipe, difference] of wrong)
    assert.ok(typeof difference === 'string' || (difference ?? 0) > SEEN, `${recipe}: ${difference}`);
}

test('PyTorch loads a conversion strictly, it computes the same, and wrong recipes are seen', async (t) => {
  const python = torchLoaders();
  t.after(() => python.end());
  for (const network of NETWORKS)
    for (const form of formsOf(network))
      await t.test(`${network} as ${form}`, (inner) => check(python, { network, form }, inner));
});
