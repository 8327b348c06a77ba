// Slow: whole networks in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeMaps, grayscale, normalize, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { modelFile } from '../../fixtures/modelFile.ts';
import { CLASSIFIERS } from '../../fixtures/zoo/classifiers.ts';
import { DETECTORS } from '../../fixtures/zoo/detectors.ts';
import { buildExported } from '../../fixtures/zoo/net.ts';
import { ODD } from '../../fixtures/zoo/odd.ts';
import { RESTORATION } from '../../fixtures/zoo/restoration.ts';

const MAPS: Readonly<Record<string, ChannelMap>> = {
  gray: grayscale(),
  'gray and normalised': composeMaps(
    normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 }),
    grayscale(),
  ),
};
/**
 * A sampling grid that leaves the picture for all pixels tried, and the largest of three equal channels: there is
 * nothing to measure, and that is said.
 */
const SILENT = new Set(['gray and normalised: spatial transformer', 'gray: ArgMax over the channels']);
/**
 * The same pictures in every run. Rounding exceeds its estimate for a few pictures in thousands; that these are no
 * false alarms for our own models is the business of the verdict, which has more to go by.
 */
const SEED = 7;
const ZOO = [...CLASSIFIERS, ...DETECTORS, ...RESTORATION, ...ODD];

for (const [name, map] of Object.entries(MAPS)) {
  test(`every model of the zoo that converts is proved: ${name}`, async () => {
    let proved = 0;
    for (const e of ZOO) {
      const original = buildExported(e);
      let adapted: Uint8Array;
      try {
        adapted = (await adaptBytes(original, map)).bytes;
      } catch (error) {
        // What may be refused is the business of the adapt tests.
        if (error instanceof ChannelwiseError && error.kind === 'refused') continue;
        throw error;
      }
      const [before, after] = [await modelFile(original), await modelFile(adapted)];
      const report = await verify({ original: before, adapted: after, seed: SEED });
      if (SILENT.has(`${name}: ${e.name}`)) {
        assert.match(report.statement, /^Not verified: everything measured is the same for all inputs tried/);
        continue;
      }
      assert.equal(report.verdict, 'proved', `${e.name}: ${report.statement}`);
      assert.ok(
        report.tensors.every((t) => t.maxAbs <= t.tolerance),
        e.name,
      );
      proved++;
    }
    assert.ok(proved > 0.9 * ZOO.length, `${proved} of ${ZOO.length}`);
  });
}
