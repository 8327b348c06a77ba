// Slow: whole networks on folders of images.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { composeMaps, grayscale, normalize, swapRedBlue } from '../../../src/adapt/maps/channelMap.ts';
import { adaptFile, convertToGray } from '../../../src/jobs/convert.ts';
import { conclusions, evaluationCsv, evaluationText } from '../../../src/verify/evaluate/evaluateText.ts';
import { evaluateFolder, type EvaluationReport } from '../../../src/jobs/evaluate.ts';
import { readPicture } from '../../../src/files/images/images.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  model,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('evaluate');

type Colour = readonly [number, number, number];

function png(path: string, [r, g, b]: Colour, width = 20, height = 16): void {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) image.data.set([r, g, b, 255], i * 4);
  writeFileSync(path, PNG.sync.write(image));
}

/** Sub-folders of one-coloured pictures. */
function colours(name: string, sets: Readonly<Record<string, readonly Colour[]>>): string {
  const dir = join(folder, name);
  for (const [label, list] of Object.entries(sets)) {
    mkdirSync(join(dir, label), { recursive: true });
    list.forEach((c, i) => png(join(dir, label, `${i}.png`), c));
  }
  return dir;
}

/** Scores are the mean red, green and blue (after an identity convolution): the largest wins. */
function colourModel(name: string, parts: Partial<ModelParts> = {}): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('image', [1, 3, 8, 8])],
        outputs: [valueInfo('scores', [1, 3])],
        initializers: [floatTensor('w', [3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1])],
        nodes: [
          node('Conv', ['image', 'w'], ['c']),
          node('GlobalAveragePool', ['c'], ['p']),
          node('Flatten', ['p'], ['scores']),
        ],
        ...parts,
      }),
    ),
  );
  return path;
}

const rgb = colours('rgb', {
  '0red': [
    [255, 0, 0],
    [200, 30, 20],
  ],
  '1green': [
    [0, 255, 0],
    [10, 120, 60],
  ],
  '2blue': [
    [0, 0, 255],
    [90, 40, 140],
  ],
});
const original = colourModel('colours.onnx');
const run = (report: EvaluationReport, key: string): EvaluationReport['runs'][number] =>
  report.runs.find((r) => r.key === key) ?? assert.fail(`no run ${key}`);

test('known answers: colours are all right, gray can only guess, and the folded form is gray repeated', async () => {
  const report = await evaluateFolder(original, null, rgb, { preset: 'imagenet' });
  assert.deepEqual(
    report.runs.map((r) => r.key),
    ['rgb', 'repeated', 'adapted', 'exact'],
  );
  assert.equal(report.classes, 3);
  assert.equal(report.labels, 'sorted folder names');
  assert.equal(run(report, 'rgb').top1, 1);
  assert.equal(run(report, 'rgb').top5, 1);
  // With ImageNet's means gray scores highest in blue below a level of 1.6, as (g − mean) / std is largest there; so
  // all six are called blue.
  assert.equal(run(report, 'repeated').top1, 2 / 6);
  assert.ok(report.images.every((i) => i.top.repeated?.[0] === 2));
  // One mean and one std makes all three scores the same, and the first class wins.
  assert.equal(run(report, 'adapted').top1, 2 / 6);
  assert.equal(run(report, 'adapted').agreesWithRepeated, 0);
  assert.ok(run(report, 'adapted').scoreDifference > 0.05);
  assert.equal(run(report, 'exact').agreesWithRepeated, 1);
  assert.equal(run(report, 'exact').top1, run(report, 'repeated').top1);
  assert.ok(run(report, 'exact').scoreDifference < 1e-5);
  assert.match(report.statement, /^On 6 images, top-1: RGB 100\.0 %, gray repeated 33\.3 %/);
  assert.ok(report.warnings.some((w) => w.includes('one mean and one std')));
});

test('an adapted file with the normalisation folded is the exact form itself', async () => {
  const map = composeMaps(
    normalize({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 }),
    grayscale(),
  );
  const { outPath } = await adaptFile(original, { map, out: join(folder, 'folded.onnx') });
  const report = await evaluateFolder(original, outPath, rgb, { preset: 'imagenet' });
  assert.deepEqual(
    report.runs.map((r) => r.key),
    ['rgb', 'repeated', 'adapted'],
  );
  assert.equal(run(report, 'adapted').agreesWithRepeated, 1);
  assert.ok(run(report, 'adapted').scoreDifference < 1e-5);
});

test('the same mean and std for all channels: summing is exact', async () => {
  const { outPath } = await convertToGray(original, { out: join(folder, 'gray.onnx') });
  const report = await evaluateFolder(original, outPath, rgb, { preset: 'plus-minus-one' });
  assert.equal(report.runs.length, 3);
  assert.ok(run(report, 'adapted').scoreDifference < 1e-6);
  assert.equal(report.warnings.length, 0);
});

test('labels: classes.txt, --labels, numbers as names, and none', async () => {
  const sets = { sky: [[0, 0, 255]], rose: [[255, 0, 0]] } as const;
  const listed = colours('listed', sets);
  const without = await evaluateFolder(original, null, listed);
  assert.equal(run(without, 'rgb').top1, null);
  assert.match(without.warnings.join(' '), /2 sub-folders but 3 classes/);
  assert.match(without.statement, /top class is that of RGB/);
  writeFileSync(join(listed, 'classes.txt'), 'rose\nleaf\nsky\n');
  assert.equal(run(await evaluateFolder(original, null, listed), 'rgb').top1, 1);
  const labels = join(folder, 'labels.json');
  writeFileSync(labels, '{"sky": 0, "rose": 2}');
  assert.equal(run(await evaluateFolder(original, null, listed, { labels }), 'rgb').top1, 0);
  writeFileSync(labels, '["rose", "leaf"]');
  const half = await evaluateFolder(original, null, listed, { labels });
  assert.equal(run(half, 'rgb').top1, 1, 'the rose; the sky counts as unlabelled');
  writeFileSync(labels, '{"sky": 7}');
  await assert.rejects(evaluateFolder(original, null, listed, { labels }), /has 3 classes/);
  const numbers = colours('numbers', { '2': [[0, 0, 255]], '0': [[255, 0, 0]] });
  assert.equal(run(await evaluateFolder(original, null, numbers), 'rgb').top1, 1);
});

test('unlabelled pictures, PNG and JPEG; a broken one is named and skipped', async () => {
  const dir = join(folder, 'mixed');
  mkdirSync(dir);
  png(join(dir, 'a.png'), [250, 0, 0]);
  const data = new Uint8Array(32 * 24 * 4).map((_, i) => [0, 0, 240, 255][i % 4] ?? 0);
  writeFileSync(join(dir, 'b.jpg'), jpeg.encode({ width: 32, height: 24, data }, 95).data);
  writeFileSync(join(dir, 'c.jpg'), 'no picture at all');
  writeFileSync(
    join(dir, 'd.png'),
    Buffer.concat([
      Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
      Buffer.alloc(20),
    ]),
  );
  writeFileSync(join(dir, 'readme.txt'), 'hello');
  const seen: number[] = [];
  const report = await evaluateFolder(original, null, dir, { onProgress: (f) => seen.push(f) });
  assert.deepEqual(
    report.images.map((i) => [i.image, i.top.rgb?.[0]]),
    [
      ['a.png', 0],
      ['b.jpg', 2],
    ],
  );
  assert.deepEqual(
    report.skipped.map((s) => s.image),
    ['c.jpg', 'd.png'],
  );
  assert.match(report.skipped[0]?.why ?? '', /c\.jpg can't be used: it is neither PNG nor JPEG\.$/);
  assert.match(report.skipped[1]?.why ?? '', /damaged/);
  assert.match(
    report.warnings.at(-1) ?? '',
    /^2 images were skipped: c\.jpg can't be used: it is neither PNG nor JPEG; d\.png can't be used: it is damaged \(a checksum is wrong\)\.$/,
  );
  assert.deepEqual(seen, [0.25, 0.5, 0.75, 1]);
  const csv = evaluationCsv(report.runs, report.images).trimEnd().split('\r\n');
  assert.equal(csv.length, 3);
  assert.match(csv[1] ?? '', /^a\.png,,0,0 /);
  assert.ok(evaluationText(report).some((line) => line.startsWith('gray repeated')));
});

test('preprocessing is read from the model where it normalises by itself', async () => {
  const scaled = colourModel('scaled.onnx', {
    initializers: [
      floatTensor('w', [3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
      floatTensor('mean', [1, 3, 1, 1], [123.7, 116.3, 103.5]),
    ],
    nodes: [
      node('Sub', ['image', 'mean'], ['s']),
      node('Conv', ['s', 'w'], ['c']),
      node('GlobalAveragePool', ['c'], ['p']),
      node('Flatten', ['p'], ['scores']),
    ],
  });
  const report = await evaluateFolder(scaled, null, rgb);
  assert.deepEqual([report.preprocessing.name, report.preprocessing.chosen], ['raw', 'read from the model']);
  assert.equal(report.runs.length, 3, 'the model normalises, so one gray channel is exact');
  assert.ok(run(report, 'adapted').scoreDifference < 1e-5);
  const bytes = colourModel('bytes.onnx', {
    inputs: [valueInfo('image', [1, 8, 8, 3], DTYPE.uint8)],
    nodes: [
      node('Cast', ['image'], ['f'], { to: 1 }),
      node('Transpose', ['f'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'w'], ['c']),
      node('GlobalAveragePool', ['c'], ['p']),
      node('Flatten', ['p'], ['scores']),
    ],
  });
  const whole = await evaluateFolder(bytes, null, rgb);
  assert.equal(whole.preprocessing.name, 'raw');
  assert.equal(run(whole, 'rgb').top1, 1);
});

test('BGR models get BGR', async () => {
  const { outPath } = await adaptFile(original, { map: swapRedBlue(), out: join(folder, 'bgr.onnx') });
  assert.equal(run(await evaluateFolder(outPath ?? '', null, rgb, { order: 'bgr' }), 'rgb').top1, 1);
  assert.ok((run(await evaluateFolder(outPath ?? '', null, rgb), 'rgb').top1 ?? 1) < 1);
});

test('bad days end in one sentence', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const dense = colourModel('dense.onnx', { outputs: [valueInfo('c', null)] });
  const two = colourModel('two.onnx', {
    inputs: [valueInfo('image', [1, 3, 8, 8]), valueInfo('bias', [1])],
    nodes: [
      node('Conv', ['image', 'w'], ['c']),
      node('Add', ['c', 'bias'], ['d']),
      node('GlobalAveragePool', ['d'], ['p']),
      node('Flatten', ['p'], ['scores']),
    ],
  });
  const swapped = (await adaptFile(original, { map: swapRedBlue(), out: join(folder, 'swapped.onnx') })).outPath;
  const cases: readonly [() => Promise<unknown>, string][] = [
    [() => evaluateFolder(original, null, empty), 'no-images'],
    [() => evaluateFolder(original, null, join(folder, 'nowhere')), 'image-folder'],
    [() => evaluateFolder(dense, null, rgb), 'no-classes'],
    [() => evaluateFolder(two, null, rgb), 'more-inputs'],
    [() => evaluateFolder(original, swapped, rgb), 'not-gray'],
    [() => evaluateFolder(original, null, rgb, { preset: 'nothing' }), 'preset'],
    [() => evaluateFolder(original, null, rgb, { std: [0] }), 'map'],
    [() => evaluateFolder(original, null, rgb, { size: 16 }), 'size'],
    [() => evaluateFolder(original, null, rgb, { labels: join(folder, 'no.json') }), 'missing'],
    [() => evaluateFolder(original, null, rgb, { signal: AbortSignal.abort() }), 'cancelled'],
  ];
  for (const [start, code] of cases) {
    await assert.rejects(start, (e: unknown) => {
      assert.ok(e instanceof ChannelwiseError, String(e));
      assert.equal(e.code, code);
      assert.ok(!e.message.includes('\n'));
      return true;
    });
  }
});

test('gray, palette and transparent PNG decode to colours', async () => {
  const path = join(folder, 'alpha.png');
  const image = new PNG({ width: 2, height: 1 });
  image.data.set([10, 20, 30, 0, 40, 50, 60, 128]);
  writeFileSync(path, PNG.sync.write(image));
  assert.deepEqual([...(await readPicture(path)).rgb], [10, 20, 30, 40, 50, 60]);
  writeFileSync(path, PNG.sync.write(image, { colorType: 0 }));
  const gray = (await readPicture(path)).rgb;
  assert.equal(gray[0], gray[1]);
});

test('sixteen bits, and printing inks, which are refused', async () => {
  const deep = Object.assign(new PNG({ width: 2, height: 1 }), {
    data: Buffer.from(Uint16Array.of(0xffff, 0x8000, 0x00ff, 0, 0x7f80, 0xfe7f).buffer),
  });
  const path = join(folder, 'deep.png');
  writeFileSync(path, PNG.sync.write(deep, { bitDepth: 16, colorType: 2, inputColorType: 2, inputHasAlpha: false }));
  assert.deepEqual([...(await readPicture(path)).rgb], [255, 128, 1, 0, 127, 254]);
  const { data } = jpeg.encode({ width: 8, height: 8, data: new Uint8Array(256).fill(90) }, 90);
  const at = data.indexOf(Buffer.from([0xff, 0xc0]));
  const inks = Buffer.from(data);
  inks[at + 9] = 4;
  const printed = join(folder, 'inks.jpg');
  writeFileSync(printed, inks);
  await assert.rejects(
    readPicture(printed),
    /inks\.jpg can't be used: its colours are printing inks \(CMYK\); save it as RGB\./,
  );
  writeFileSync(printed, data);
  assert.equal((await readPicture(printed)).width, 8);
});

test('what it comes to is said: exact where it is, with n, and what is chance', async () => {
  const sets: Record<string, readonly (readonly [number, number, number])[]> = {
    a: [
      [0, 0, 200],
      [10, 0, 220],
    ],
    b: [[0, 200, 0]],
    c: [[200, 0, 0]],
  };
  const dir = colours('conclusions', sets);
  writeFileSync(join(dir, 'classes.txt'), 'c\nb\na\n');
  const exact = conclusions(await evaluateFolder(original, null, dir, { preset: 'zero-to-one' }));
  assert.match(exact[0] ?? '', /^Without colours the original is right on .* instead of 4 \(top-1\): gray costs \d/);
  assert.match(
    exact[1] ?? '',
    /^Gray through the adapted model gives the scores of gray repeated .*: the conversion costs nothing\.$/,
  );
  assert.equal(exact[2], 'One of 4 images is 25.0 points, so differences of that size are chance.');
  const folded = conclusions(await evaluateFolder(original, null, dir, { preset: 'imagenet' }));
  assert.match(
    folded[1] ?? '',
    /^Gray through the adapted model with one mean and std has the top class of gray repeated on /,
  );
  assert.match(
    folded[2] ?? '',
    /^With built-in normalisation the scores are those of gray repeated .*: that form costs nothing\.$/,
  );
});
