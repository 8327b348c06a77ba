import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import type { TensorChange } from '../../../../src/formats/format.ts';
import { openTorch, type TorchFile } from '../../../../src/formats/pytorch/torchFile.ts';
import { foldTensor } from '../../../fixtures/torch/foldTensor.ts';
import { torchPython } from '../../../fixtures/torch/torchPython.ts';

/**
 * Outputs on gray against the original's on gray repeated, computed in double precision from weights that were rounded
 * once.
 */
const TOLERANCE = 1e-5;
/** Half-precision weights are rounded at 2^-11. */
const HALF_TOLERANCE = 1e-3;
const NETWORKS = ['resnet18', 'vgg11_bn', 'mobilenet_v3_small', 'densenet121', 'convnext_tiny', 'vit_b_16', 'swin_t'];

const folder = mkdtempSync(join(tmpdir(), 'channelwise-loaders-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What a conversion changes in a file whose image goes to the layer `stem`. */
type Recipe = (file: TorchFile, stem: string) => Promise<readonly TensorChange[]>;

/** Channelwise's own: it finds the layer and the optimizer's moments by itself. */
const right: Recipe = async ({ tensors }, stem) => {
  const { changes } = await adaptWeights({ tensors, map: grayscale() });
  const named = changes.filter(({ tensor }) => tensor === `${stem}.weight` || tensor.endsWith(`.${stem}.weight`));
  assert.equal(named.length, 1);
  return changes;
};

/** Recipes that people post, and that must be seen to fail. */
const WRONG: Readonly<Record<string, Recipe>> = {
  'the mean in place of the sum': async (file, stem) => {
    const changes = await right(file, stem);
    return Promise.all(changes.map(({ tensor }) => foldTensor(file, tensor, true)));
  },
  'another weight': async (file, stem) => {
    const stems = new Set((await right(file, stem)).map(({ tensor }) => tensor));
    const other = file.tensors.find(({ name, dims }) => dims.length === 4 && !stems.has(name) && dims[1] !== 1);
    assert.ok(other);
    return [await foldTensor(file, other.name, false)];
  },
  'the optimizer as it was': async (file, stem) =>
    (await right(file, stem)).filter(({ tensor }) => tensor.endsWith(`${stem}.weight`)),
};

async function convert(path: string, to: string, stem: string, recipe: Recipe): Promise<void> {
  const source = new MemorySource(readFileSync(path));
  const file = await openTorch(source);
  const changes = await recipe(file, stem);
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
