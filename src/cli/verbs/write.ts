import { planText } from '../../adapt/report/planText.ts';
import { isTellable } from '../../bytes/errors.ts';
import type { AdaptResult } from '../../jobs/adaptOptions.ts';
import { adaptFile, convertToGray } from '../../jobs/convert.ts';
import type { DataCopy } from '../../jobs/dataCopies.ts';
import { countOf } from '../../text/numbers.ts';
import { failureOf, type Failure } from '../failure.ts';
import { print, shownLine } from '../print.ts';
import {
  FILES,
  MAP_OPTIONS,
  REFUSED,
  listOf,
  mapOf,
  numberOf,
  textOf,
  usageError,
  type Call,
  type Verb,
} from '../verb.ts';

const WRITE_OPTIONS = {
  out: { type: 'string', short: 'o' },
  'dry-run': { type: 'boolean' },
  input: { type: 'string', multiple: true },
  layer: { type: 'string', multiple: true },
  axis: { type: 'string' },
  'keep-integers': { type: 'boolean' },
} as const;
const WRITE_HELP = [
  '--input NAME    adapts that input only',
  '--layer NAME    of a file of weights: the layer that sees the image, where it must be asked for;',
  '                NAME:channels-last or NAME:channels-first where it is linear and reads patches',
  '--axis N        the axis with the channels, where two may hold them',
  '--keep-integers leaves int8 weights as they are, at the cost of a node in front',
  '-o OUT          the file to write, for one model; without it a free name beside the model',
  '--dry-run       prints the plan, and writes nothing',
];
const MAP_HELP = [
  '--map MAP       one of those below; given again, the next one stands behind it',
  'gray            one gray channel; the first weights are summed over the channels',
  'bgr             BGR in place of RGB, or the other way round',
  'drop-alpha      RGBA; alpha is not used',
  'bands:N         N bands, tiled from RGB and scaled by 3/N: a start for fine-tuning, not the same function',
  'rgb-from-gray   RGB for a one-channel model, by BT.601 luma',
  'fold-repeats    for a gray model that repeats its channel inside: the first weights take that in',
  'normalize       raw pixels; (pixel * scale - mean) / std moves into the model',
  'FILE.json       {"matrix": [[…], …], "shift": […]}: one row per old channel, one column per new one',
  '--groups N      that many pictures lie in one input, one after the other; each takes the map',
  '--mean, --std and --scale take numbers with commas, also 1/255. With another map the normalisation stands ' +
    'behind it.',
];

export const GRAY: Verb = {
  usage: [
    'gray MODEL…',
    '[--input NAME …]',
    '[--layer NAME …]',
    '[--axis N]',
    '[--keep-integers]',
    '[-o OUT]',
    '[--dry-run]',
  ],
  about: 'one gray channel in place of three, by channel sum',
  files: FILES,
  options: WRITE_OPTIONS,
  help: WRITE_HELP,
  work: 'write',
  run: (call) => adaptEach(call, (path, options) => convertToGray(path, options)),
};

export const ADAPT: Verb = {
  usage: [
    'adapt MODEL…',
    '--map gray|bgr|rgb-from-gray|bands:N|drop-alpha|fold-repeats|normalize|FILE.json',
    '[--map …]',
    '[--mean …]',
    '[--std …]',
    '[--scale …]',
    '[--groups N]',
    '[--input NAME …]',
    '[--layer NAME …]',
    '[--axis N]',
    '[--keep-integers]',
    '[-o OUT]',
    '[--dry-run]',
  ],
  about: 'any channel map; several are applied to the new pixels from left to right',
  files: FILES,
  options: { ...WRITE_OPTIONS, ...MAP_OPTIONS },
  help: [...MAP_HELP, ...WRITE_HELP],
  work: 'write',
  run: async (call) => {
    const map = await mapOf(call);
    return adaptEach(call, (path, options) => adaptFile(path, { ...options, map }));
  },
};

interface WriteOptions {
  readonly inputs: readonly string[] | undefined;
  readonly layers: readonly string[] | undefined;
  readonly axis: number | undefined;
  readonly keepIntegers: boolean;
  readonly out: string | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** One file's result, or why there is none. */
type Outcome = (AdaptResult | Failure) & { readonly file: string };

/** Adapts one file after the other. What one file is refused for does not keep the others; the exit code tells. */
async function adaptEach(
  call: Call,
  adapt: (path: string, options: WriteOptions) => Promise<AdaptResult>,
): Promise<number> {
  const options = writeOptions(call);
  const [first = '', ...more] = call.args;
  if (more.length === 0) {
    const result = await adapt(first, options);
    print(call, result, () => resultText(result));
    return 0;
  }
  if (options.out !== undefined) throw usageError('The option `-o` names one file, so it goes with one model.');
  const outcomes: Outcome[] = [];
  for (const file of call.args) {
    const outcome = await outcomeOf(file, () => adapt(file, options));
    outcomes.push(outcome);
    if (call.values.json) continue;
    if ('error' in outcome) call.output.error(shownLine(`${file}: ${outcome.error}`));
    else
      for (const line of ['', `${file}:`, ...resultText(outcome)].slice(outcomes.length === 1 ? 1 : 0))
        call.output.line(shownLine(line));
  }
  if (call.values.json) print(call, outcomes, () => []);
  return outcomes.some((outcome) => 'error' in outcome) ? REFUSED : 0;
}

async function outcomeOf(file: string, adapt: () => Promise<AdaptResult>): Promise<Outcome> {
  try {
    return { file, ...(await adapt()) };
  } catch (error) {
    if (!isTellable(error)) throw error;
    return { file, ...failureOf(error) };
  }
}

function writeOptions(call: Call): WriteOptions {
  const out = textOf(call, 'out');
  if (out === '') throw usageError('The option `-o` needs a value.');
  return {
    inputs: listOf(call, 'input'),
    layers: listOf(call, 'layer'),
    axis: numberOf(call, 'axis'),
    keepIntegers: call.values['keep-integers'] === true,
    out,
    dryRun: call.values['dry-run'] === true,
    signal: call.signal,
  };
}

function resultText({ plan, dataCopies, outPath }: AdaptResult): string[] {
  return [
    ...planText(plan),
    ...dataCopies.map((copy) => dataCopyText(copy, outPath !== null)),
    outPath === null ? 'dry run, nothing written' : `wrote ${outPath}`,
  ];
}

function dataCopyText({ path, size, present }: DataCopy, written: boolean): string {
  if (present) return `data file ${path} is there already`;
  return `${written ? 'copied' : 'would copy'} data file ${path} (${countOf(size, 'byte')})`;
}
