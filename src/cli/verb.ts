import type { ParseArgsConfig } from 'node:util';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { mapFromOptions, parseNumber, parseNumbers } from '../jobs/maps/mapOptions.ts';

/**
 * What a verb does with its files: looks at them, writes one, runs them in ONNX Runtime, or does so on many pictures.
 */
export type Work = 'read' | 'write' | 'run' | 'evaluate';

/** What a command may take before it is stopped. */
export interface Limits {
  readonly seconds: number;
  readonly megabytes: number;
  /** It writes a file, so it is told to stop and tidies up; every other verb may just be ended. */
  readonly tidies: boolean;
}

/** Where a verb prints. */
export interface Output {
  line(text: string): void;
  error(text: string): void;
  /** Called once, before the verb's work begins. */
  starts?(limits: Limits): void;
}

/** One command line: the files that it names, its options, and where its result goes. */
export interface Call {
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** A command, as the command line runs it and as its help tells of it. */
export interface Verb {
  /** Words that stand together on a line of the help. */
  readonly usage: readonly string[];
  readonly about: string;
  /** How many files it takes. */
  readonly files: { readonly least: number; readonly most: number };
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Lines that `--help` adds to the usage. */
  readonly help?: readonly string[];
  /** What it does with the files, which decides how long it may take; null for no work at all. */
  readonly work: Work | null;
  /** Gives an exit code where that is not 0. */
  readonly run: (call: Call) => Promise<number | void>;
}

export const ONE_FILE = { least: 1, most: 1 } as const;
export const TWO_FILES = { least: 2, most: 2 } as const;
export const FILES = { least: 1, most: Infinity } as const;

/** Exit codes, as the README has them; an internal error is 1. */
export const REFUSED = 2;
export const DIFFERENT = 3;

/** A command line that says what no verb takes: `refused` with one sentence. */
export function usageError(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'usage', message);
}

/** The value of an option; undefined where it is not given. */
export function textOf({ values }: Call, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** All values of an option that may be given several times. */
export function listOf({ values }: Call, name: string): string[] | undefined {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** Throws `refused` where the option has another value than one number. */
export function numberOf(call: Call, name: string): number | undefined {
  const text = textOf(call, name);
  return text === undefined ? undefined : parseNumber(text, `--${name}`);
}

/** Throws `refused` where the option is no list of numbers. */
export function numbersOf(call: Call, name: string): number[] | undefined {
  const text = textOf(call, name);
  return text === undefined ? undefined : parseNumbers(text, `--${name}`);
}

export const BIND_OPTIONS: Verb['options'] = { bind: { type: 'string', multiple: true } };
export const BIND_HELP = ['--bind NAME=N   gives a size a number: batch=1; several at once, or with commas'];

export const MAP_OPTIONS: Verb['options'] = {
  map: { type: 'string', multiple: true },
  mean: { type: 'string' },
  std: { type: 'string' },
  scale: { type: 'string' },
  groups: { type: 'string' },
};

/** The map that --map and the options beside it name. */
export async function mapOf(call: Call): Promise<ChannelMap> {
  return mapFromOptions({
    map: listOf(call, 'map'),
    mean: textOf(call, 'mean'),
    std: textOf(call, 'std'),
    scale: textOf(call, 'scale'),
    groups: textOf(call, 'groups'),
  });
}
