import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { planText } from '../adapt/report/planText.ts';
import { ChannelwiseError, printable } from '../bytes/errors.ts';
import { compareFiles, reportText as compareText } from '../jobs/compare.ts';
import { adaptFile, convertToGray, type AdaptResult } from '../jobs/convert.ts';
import type { DataCopy } from '../jobs/dataCopies.ts';
import { evaluateFolder, reportCsv, reportText as evaluateText } from '../jobs/evaluate.ts';
import { inspectFile, inspectText } from '../page/inspect.ts';
import { mapFromOptions, parseNumber, parseNumbers } from './mapOptions.ts';
import { parseBindings, shapesOfFile, shapesText } from '../page/shapes.ts';
import { reportText, verifyFiles } from '../jobs/verify.ts';
import { VERSION } from '../jobs/version.ts';

/** Where a verb prints. */
export interface Output {
  line(text: string): void;
  error(text: string): void;
}

interface Call {
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

interface Verb {
  readonly usage: string;
  readonly about: string;
  readonly args: number;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Lines that `--help` adds to the usage. */
  readonly help?: readonly string[];
  /** It writes a file, so it must be told to stop and tidy up; every other verb may just be ended. */
  readonly writes?: true;
  /** Gives an exit code where that is not 0. */
  readonly run: (call: Call) => Promise<number | void>;
}

const WRITE = { out: { type: 'string', short: 'o' }, 'dry-run': { type: 'boolean' } } as const;
const WRITE_HELP = [
  '-o OUT          the file to write; without it a free name beside the model',
  '--dry-run       print the plan, write nothing',
];
const MAP_HELP = [
  '--map MAP       one of those below; given again, the next one stands behind it',
  'gray            one gray channel; the first weights are summed over the channels',
  'bgr             BGR in place of RGB, or the other way round',
  'drop-alpha      RGBA; alpha is not used',
  'bands:N         N bands, tiled from RGB and scaled by 3/N: a start for fine-tuning, not the same function',
  'rgb-from-gray   RGB for a one-channel model, by BT.601 luma',
  'normalize       raw pixels; (pixel * scale - mean) / std moves into the model',
  'FILE.json       {"matrix": [[…], …], "shift": […]}: one row per old channel, one column per new one',
  '--mean, --std and --scale take numbers with commas, also 1/255. With another map the normalisation stands behind it.',
];
const BIND_HELP = ['--bind NAME=N   gives a size a number: batch=1; several at once, or with commas'];
const EVALUATE_HELP = [
  '--images DIR    the pictures, PNG or JPEG; sub-folders are classes',
  '--adapted MODEL the gray model; without it the model is adapted in memory',
  '--preset NAME   how pixels are normalised, where the model does not say it: imagenet without this option',
  "--mean, --std and --scale take numbers with commas, also 1/255, in place of the preset's.",
  '--size N        the side of the square, where the model leaves it open',
  '--stretch       stretches the pictures in place of cropping their middle',
  '--order bgr     for models that take BGR',
  '--labels FILE   {"folder": class, …}, or a list of folders in class order',
  '--csv           a line for each picture in place of the report',
];
const MAP_OPTIONS: Verb['options'] = {
  map: { type: 'string', multiple: true },
  mean: { type: 'string' },
  std: { type: 'string' },
  scale: { type: 'string' },
};

export const VERBS: Readonly<Record<string, Verb>> = {
  inspect: {
    usage: 'inspect MODEL [--bind batch=1 …]',
    about: 'producer, inputs, outputs, counts, cost, first layers',
    args: 1,
    options: { bind: { type: 'string', multiple: true } },
    help: BIND_HELP,
    run: async ({ args, values, output, signal }) => {
      const found = await inspectFile(args[0] ?? '', bindings(values), signal);
      print(output, values, found, () => inspectText(found));
    },
  },
  shapes: {
    usage: 'shapes MODEL [--bind batch=1 …]',
    about: 'the shape and type of every tensor',
    args: 1,
    options: { bind: { type: 'string', multiple: true } },
    help: BIND_HELP,
    run: async ({ args, values, output, signal }) => {
      const report = await shapesOfFile(args[0] ?? '', bindings(values), signal);
      print(output, values, report, () => shapesText(report));
    },
  },
  gray: {
    usage: 'gray MODEL [-o OUT] [--dry-run]',
    about: 'one gray channel in place of three, by channel sum',
    args: 1,
    options: WRITE,
    help: WRITE_HELP,
    writes: true,
    run: async (call) => {
      const { out, dryRun } = writeOptions(call);
      printResult(call, await convertToGray(call.args[0] ?? '', { out, dryRun, signal: call.signal }));
    },
  },
  adapt: {
    usage:
      'adapt MODEL --map gray|bgr|rgb-from-gray|bands:N|drop-alpha|normalize|FILE.json [--map …] [--mean …] [--std …] [--scale …] [--input NAME …] [-o OUT] [--dry-run]',
    about: 'any channel map; several are applied to the new pixels from left to right',
    args: 1,
    options: { ...WRITE, ...MAP_OPTIONS, input: { type: 'string', multiple: true } },
    help: [...MAP_HELP, '--input NAME    adapts that input only', ...WRITE_HELP],
    writes: true,
    run: async (call) => {
      const { values, args, signal } = call;
      const map = await mapOf(values);
      const inputs = Array.isArray(values.input) ? values.input.map(String) : undefined;
      const { out, dryRun } = writeOptions(call);
      printResult(call, await adaptFile(args[0] ?? '', { map, inputs, out, dryRun, signal }));
    },
  },
  verify: {
    usage: 'verify ORIGINAL ADAPTED [--full] [--images DIR] [--seed N] [--map … [--mean … --std … --scale …]]',
    about: 'proves an adapted model in ONNX Runtime',
    args: 2,
    options: { full: { type: 'boolean' }, images: { type: 'string' }, seed: { type: 'string' }, ...MAP_OPTIONS },
    help: [
      '--full         run the whole models too, not only the part that differs',
      '--images DIR   run on these pictures as well',
      '--seed N       other random images',
      '--map          the map, with --mean, --std and --scale, where the adapted model has no record of it; see `channelwise adapt --help`',
    ],
    run: runVerify,
  },
  compare: {
    usage: 'compare A B',
    about: 'what differs: inputs, nodes, tensors, metadata',
    args: 2,
    options: {},
    run: async ({ args, values, output, signal }) => {
      const comparison = await compareFiles(args[0] ?? '', args[1] ?? '', { signal });
      print(output, values, comparison, () => compareText(comparison));
    },
  },
  evaluate: {
    usage:
      'evaluate MODEL --images DIR [--adapted MODEL] [--preset imagenet|plus-minus-one|zero-to-one|raw] [--mean … --std … --scale …] [--size N] [--stretch] [--order rgb|bgr] [--labels FILE.json] [--csv]',
    about: 'what gray costs: RGB, gray repeated, gray through the adapted model',
    args: 1,
    options: {
      images: { type: 'string' },
      adapted: { type: 'string' },
      preset: { type: 'string' },
      mean: { type: 'string' },
      std: { type: 'string' },
      scale: { type: 'string' },
      size: { type: 'string' },
      stretch: { type: 'boolean' },
      order: { type: 'string' },
      labels: { type: 'string' },
      csv: { type: 'boolean' },
    },
    help: EVALUATE_HELP,
    run: runEvaluate,
  },
};

/** The map that --map and the options beside it name. */
async function mapOf(values: Call['values']): Promise<ChannelMap> {
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
  return mapFromOptions({
    map: Array.isArray(values.map) ? values.map.map(String) : text('map'),
    mean: text('mean'),
    std: text('std'),
    scale: text('scale'),
  });
}

/** Proof that could not be had is a refusal: the report says why. */
async function runVerify({ args, values, output, signal }: Call): Promise<number> {
  const images = typeof values.images === 'string' ? values.images : undefined;
  const seed = typeof values.seed === 'string' ? parseNumber(values.seed, '--seed') : undefined;
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw usage('--seed must be a whole number.');
  const lost =
    values.map === undefined ? ['mean', 'std', 'scale'].find((name) => values[name] !== undefined) : undefined;
  if (lost !== undefined) throw usage(`--${lost} belongs to a map; give --map too.`);
  const report = await verifyFiles(args[0] ?? '', args[1] ?? '', {
    full: values.full === true,
    images,
    seed,
    signal,
    map: values.map === undefined ? undefined : await mapOf(values),
  });
  print(output, values, report, () => reportText(report));
  if (!report.ok) output.error(report.statement);
  return report.ok ? 0 : 2;
}

async function runEvaluate({ args, values, output, signal }: Call): Promise<void> {
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
  const number = (name: string): number | undefined =>
    text(name) === undefined ? undefined : parseNumber(text(name) ?? '', name);
  const numbers = (name: string): number[] | undefined =>
    text(name) === undefined ? undefined : parseNumbers(text(name) ?? '', name);
  const images = text('images');
  const order = text('order');
  if (images === undefined) throw usage('evaluate needs --images with a folder of PNG or JPEG pictures.');
  if (order !== undefined && order !== 'rgb' && order !== 'bgr') throw usage('--order is rgb or bgr.');
  const report = await evaluateFolder(args[0] ?? '', text('adapted') ?? null, images, {
    preset: text('preset'),
    mean: numbers('mean'),
    std: numbers('std'),
    scale: number('scale'),
    size: number('size'),
    stretch: values.stretch === true,
    order,
    labels: text('labels'),
    signal,
  });
  if (values.csv && !values.json) output.line(reportCsv(report).trimEnd());
  else print(output, values, report, () => evaluateText(report));
}

/** Runs one command line and returns its exit code. Throws ChannelwiseError for what the user can mend. */
export async function runVerb(argv: readonly string[], output: Output, signal: AbortSignal): Promise<number> {
  const [name = '', ...rest] = argv;
  if (['help', '--help', '-h'].includes(name) && Object.hasOwn(VERBS, rest[0] ?? ''))
    return runVerb([rest[0] ?? '', '--help'], output, signal);
  if (name === '--version' || name === '-v') return done(output, VERSION);
  if (name === '--help' || name === '-h' || name === 'help') return done(output, helpText());
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb)
    throw usage(
      name
        ? `There is no command \`${name}\`; try \`channelwise --help\`.`
        : 'Name a command; `channelwise --help` lists them.',
    );
  const { positionals, values } = parse(verb, rest);
  if (values.help)
    return done(
      output,
      [`channelwise ${verb.usage}`, verb.about, ...(verb.help ?? []).map((line) => `  ${line}`)].join('\n'),
    );
  if (positionals.length !== verb.args)
    throw usage(
      `\`${name}\` takes ${verb.args === 1 ? 'one file' : `${verb.args} files`} but got ${positionals.length || 'none'}. Usage: channelwise ${verb.usage}`,
    );
  return (await verb.run({ args: positionals, values, output, signal })) ?? 0;
}

function parse(verb: Verb, args: readonly string[]): { positionals: string[]; values: Call['values'] } {
  const options: Verb['options'] = {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    ...verb.options,
  };
  let parsed;
  try {
    parsed = parseArgs({ args: [...joinNegative(args)], options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw usage(`${optionFault(error)} Usage: channelwise ${verb.usage}`);
  }
  const { positionals, values, tokens } = parsed;
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    // Of two values the first one would be lost.
    if (given.has(token.name) && token.value !== undefined && !options[token.name]?.multiple)
      throw usage(`The option \`${token.rawName}\` is given twice. Usage: channelwise ${verb.usage}`);
    given.add(token.name);
  }
  return { positionals, values };
}

/** What is wrong with an option, in one sentence. Node's own text for an unknown one speaks of positional arguments. */
function optionFault(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const first = String(message).split('\n')[0] ?? '';
  const option = /'(-[^', ]*)/.exec(first)?.[1];
  if (option === undefined) return first;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `There is no option \`${option}\` here.`;
  return /does not take/.test(first)
    ? `The option \`${option}\` takes no value.`
    : `The option \`${option}\` needs a value.`;
}

/** `--mean -1,0,1` would read as two options; numbers after an option belong to it. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const next = args[i + 1];
    if (/^--[a-z-]+$/.test(args[i] ?? '') && next !== undefined && /^-[\d.]/.test(next)) {
      joined.push(`${args[i]}=${next}`);
      i++;
    } else joined.push(args[i] ?? '');
  }
  return joined;
}

function bindings(values: Call['values']): Record<string, number> {
  return parseBindings(Array.isArray(values.bind) ? values.bind.map(String) : []);
}

function writeOptions({ values }: Call): { out: string | undefined; dryRun: boolean } {
  if (values.out === '') throw usage('The option `-o` needs a value.');
  return { out: typeof values.out === 'string' ? values.out : undefined, dryRun: values['dry-run'] === true };
}

function printResult({ output, values }: Call, result: AdaptResult): void {
  print(output, values, result, () => [
    ...planText(result.plan),
    ...result.dataCopies.map((copy) => dataCopyText(copy, result.outPath !== null)),
    result.outPath ? `wrote ${result.outPath}` : 'dry run, nothing written',
  ]);
}

function dataCopyText({ path, size, present }: DataCopy, written: boolean): string {
  if (present) return `data file ${path} is there already`;
  return `${written ? 'copied' : 'would copy'} data file ${path} (${size} bytes)`;
}

function print(output: Output, values: Call['values'], data: unknown, text: () => readonly string[]): void {
  if (values.json) output.line(JSON.stringify(data, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v), 2));
  else for (const line of text()) output.line(printable(line));
}

function helpText(): string {
  const verbs = Object.values(VERBS).map((v) => `  channelwise ${v.usage}\n      ${v.about}`);
  return `Channelwise ${VERSION}: open ONNX models and adapt their input channels, exactly.\n\n${verbs.join('\n')}\n\n\`channelwise COMMAND --help\` says more. Every command takes --json. Exit codes: 0 done, 2 refused with a reason, 1 internal error.`;
}

function done(output: Output, text: string): number {
  output.line(text);
  return 0;
}

function usage(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'usage', message);
}
