import { verifyFiles } from '../../jobs/verify.ts';
import { verifyText } from '../../verify/proof/statement.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { failureOf } from '../failure.ts';
import { print, shownLine } from '../print.ts';
import {
  DIFFERENT,
  MAP_OPTIONS,
  REFUSED,
  TWO_FILES,
  listOf,
  mapOf,
  numberOf,
  textOf,
  usageError,
  type Call,
  type Verb,
} from '../verb.ts';

export const VERIFY: Verb = {
  usage: [
    'verify ORIGINAL ADAPTED',
    '[--full]',
    '[--images DIR]',
    '[--seed N]',
    '[--layer NAME …]',
    '[--map … [--mean … --std … --scale …]]',
  ],
  about: 'checks in ONNX Runtime that an adapted model computes the original',
  files: TWO_FILES,
  options: {
    full: { type: 'boolean' },
    images: { type: 'string' },
    seed: { type: 'string' },
    layer: { type: 'string', multiple: true },
    ...MAP_OPTIONS,
  },
  help: [
    '--full         runs the whole models too, not only the part that differs',
    '--images DIR   runs on these pictures as well',
    '--seed N       other random images',
    '--layer NAME   of files of weights without a record: the layer that took the map in',
    '--map          the map, with --mean, --std, --scale and --groups, where the adapted model has no record;',
    '               `channelwise adapt --help` says which there are',
  ],
  work: 'run',
  run: runVerify,
};

/** Proof that could not be had is a refusal: the report says why. */
async function runVerify(call: Call): Promise<number> {
  const seed = numberOf(call, 'seed');
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw usageError('--seed must be a whole number.');
  const isMapGiven = call.values.map !== undefined;
  const lost = isMapGiven
    ? undefined
    : ['mean', 'std', 'scale', 'groups'].find((name) => call.values[name] !== undefined);
  if (lost !== undefined) throw usageError(`--${lost} belongs to a map; give --map too.`);
  const [original = '', adapted = ''] = call.args;
  const report = await verifyFiles(original, adapted, {
    full: call.values.full === true,
    images: textOf(call, 'images'),
    seed,
    layers: listOf(call, 'layer'),
    signal: call.signal,
    map: isMapGiven ? await mapOf(call) : undefined,
  });
  const isRefused = report.verdict === 'unproved';
  const why = isRefused ? failureOf(new ChannelwiseError('refused', 'unproved', report.statement)) : {};
  print(call, { ...report, ...why }, () => verifyText(report));
  if (report.ok) return 0;
  call.output.error(shownLine(report.statement));
  return isRefused ? REFUSED : DIFFERENT;
}
