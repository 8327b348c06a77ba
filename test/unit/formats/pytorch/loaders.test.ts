import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openTorch, type TorchFile, type TorchTensor } from '../../../../src/formats/pytorch/torchFile.ts';
import { foldTensor } from '../../../fixtures/torch/foldTensor.ts';
import { torchPython } from '../../../fixtures/torch/torchPython.ts';

/** Outputs on gray against the original's on gray repeated, computed in double precision from weights that were rounded once. */
const TOLERANCE = 1e-5;
/** Half-precision weights are rounded at 2^-11. */
const HALF_TOLERANCE = 1e-3;
const NETWORKS = ['resnet18', 'vgg11_bn', 'mobilenet_v3_small', 'densenet121', 'convnext_tiny', 'vit_b_16', 'swin_t'];
/** What an optimizer keeps for each weight in the weight's own sizes. */
const MOMENT = /\.(momentum_buffer|exp_avg|exp_avg_sq)$/;

const folder = mkdtempSync(join(tmpdir(), 'channelwise-loaders-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** One tensor of a conversion: by the sum, or by the mean, over its three channels. */
interface Fold {
  readonly tensor: string;
  readonly mean: boolean;
}
type Recipe = (file: TorchFile, stem: string) => Fold[];

/** What has three channels behind the stem's name, and the optimizer's moments of it. */
const right: Recipe = (file, stem) => {
  const named = ({ name }: TorchTensor): boolean => name === `${stem}.weight` || name.endsWith(`.${stem}.weight`);
  const weights = file.tensors.filter((tensor) => named(tensor) && tensor.dims[1] === 3);
  const dims = weights[0]?.dims.join();
  const moments = file.tensors.filter((tensor) => MOMENT.test(tensor.name) && tensor.dims.join() === dims);
  return [
    ...weights.map(({ name }) => ({ tensor: name, mean: false })),
    ...moments.map(({ name }) => ({ tensor: name, mean: true })),
  ];
};

/** Recipes that people post, and that must be seen to fail. */
const WRONG: Readonly<Record<string, Recipe>> = {
  'the mean in place of the sum': (file, stem) => right(file, stem).map((fold) => ({ ...fold, mean: true })),
  'another weight': (file, stem) => {
    const stems = new Set(right(file, stem).map((fold) => fold.tensor));
    const other = file.tensors.find(({ name, dims }) => dims.length === 4 && !stems.has(name) && dims[1] !== 1);
    assert.ok(other);
    return [{ tensor: other.name, mean: false }];
  },
  'the optimizer as it was': (file, stem) => right(file, stem).filter((fold) => !fold.mean),
};

async function convert(path: string, to: string, stem: string, recipe: Recipe): Promise<void> {
  const source = new MemorySource(readFileSync(path));
  const file = await openTorch(source);
  const changes = [];
  for (const { tensor, mean } of recipe(file, stem)) changes.push(await foldTensor(file, tensor, mean));
  assert.notEqual(changes.length, 0);
  const adapted = new SplicedSource(source, await file.splices(changes));
  writeFileSync(to, await adapted.read(0, adapted.size));
}

interface Made {
  readonly stem: string;
  readonly containers: readonly string[];
}
/** Per container the relative difference of the outputs, or what PyTorch says against the file. */
type Checked = Readonly<Record<string, number | string>>;

const networks = torchPython('networks.py', ['make', folder]) as Readonly<Record<string, Made>>;

/** Converts every container of some networks, and lets PyTorch load and run them. */
async function checked(names: readonly string[], recipe: Recipe): Promise<Readonly<Record<string, Checked>>> {
  for (const name of names) {
    const { stem, containers } = networks[name] ?? { stem: '', containers: [] };
    for (const container of containers) {
      const path = join(folder, name, container);
      await convert(`${path}.pth`, `${path}.gray.pth`, stem, recipe);
    }
  }
  return torchPython('networks.py', ['check', folder, ...names]) as Record<string, Checked>;
}

const results = await checked(Object.keys(networks), right);

for (const network of NETWORKS) {
  for (const [size, containers] of [
    ['full', 1],
    ['small', 11],
  ] as const) {
    test(`${network}, ${size}: PyTorch loads every container strictly, and it computes the same`, () => {
      const differences = Object.entries(results[`${network}-${size}`] ?? {});
      assert.equal(differences.length, containers);
      for (const [container, difference] of differences) {
        const tolerance = container === 'ultralytics' ? HALF_TOLERANCE : TOLERANCE;
        assert.ok(typeof difference === 'number' && difference < tolerance, `${container}: ${difference}`);
      }
    });
  }
}

for (const [wrong, recipe] of Object.entries(WRONG)) {
  test(`seen to fail: ${wrong}`, async () => {
    const name = 'resnet18-small';
    const differences = (await checked([name], recipe))[name] ?? {};
    const affected = wrong.includes('optimizer') ? ['sgd', 'adamw'] : Object.keys(differences);
    assert.notEqual(affected.length, 0);
    for (const container of affected) {
      const difference = differences[container];
      assert.ok(typeof difference === 'string' || (difference ?? 0) > 0.01, `${container}: ${difference}`);
    }
  });
}
