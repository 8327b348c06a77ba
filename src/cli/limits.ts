import { imageFiles } from '../files/images/labels.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import { parseNumber } from '../jobs/maps/mapOptions.ts';
import { holdsWeightsAlone, readCost, withOpenFile } from '../jobs/open/openFile.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import { textOf, usageError, type Call, type Verb, type Limits, type Work } from './verb.ts';

interface Rate {
  /** For files of no size. */
  readonly seconds: number;
  /** For each megabyte of the models and the data files they name. */
  readonly perMegabyte: number;
  readonly perPicture: number;
}

/** Many times what a slow disk and a busy machine need; a file that takes longer was made to. */
const RATES: Readonly<Record<Work, Rate>> = {
  read: { seconds: 60, perMegabyte: 1, perPicture: 0 },
  write: { seconds: 60, perMegabyte: 1, perPicture: 0 },
  run: { seconds: 120, perMegabyte: 1, perPicture: 0 },
  evaluate: { seconds: 120, perMegabyte: 1, perPicture: 20 },
};
/** What ONNX Runtime and a small model need, and what a model's copies need for each of its megabytes. */
const MEGABYTES = 2048;
const MEGABYTES_PER_MEGABYTE = 4;
const MEGABYTE = 1024 * 1024;

/** What holds while the size of the files is not known yet. */
export const FIRST_LIMITS: Limits = { seconds: 120, megabytes: MEGABYTES, tidies: false };

/** Lines of help on the limits of a verb. */
export function limitHelp(work: Work): string[] {
  const { seconds, perMegabyte, perPicture } = RATES[work];
  const pictures = perPicture > 0 ? ` and ${perPicture} for each picture` : '';
  return [
    `--time-limit S    seconds it may take: ${seconds}, and ${perMegabyte} for each MB of the files${pictures}`,
    `--memory-limit M  megabytes it may take: ${MEGABYTES}, and ${MEGABYTES_PER_MEGABYTE} for each MB of the files`,
  ];
}

/** The limits of one call: those that are given, else those that follow from the size of its files. */
export async function limitsOf(call: Call, work: Work): Promise<Limits> {
  const { seconds, perMegabyte, perPicture } = RATES[work];
  const megabytes = (await bytesOf(call)) / MEGABYTE;
  const pictures = work === 'evaluate' ? await picturesOf(call) : 0;
  return {
    seconds: given(call, 'time-limit') ?? Math.ceil(seconds + perMegabyte * megabytes + perPicture * pictures),
    megabytes: given(call, 'memory-limit') ?? Math.ceil(MEGABYTES + MEGABYTES_PER_MEGABYTE * megabytes),
    tidies: work === 'write',
  };
}

/** Limits that a person gives must be numbers above zero. */
export function checkLimitOptions(call: Call, verb: Verb): void {
  if (verb.work === null) return;
  given(call, 'time-limit');
  given(call, 'memory-limit');
}

function given(call: Call, name: string): number | null {
  const text = textOf(call, name);
  if (text === undefined) return null;
  const value = parseNumber(text, `--${name}`);
  if (value <= 0) throw usageError(`--${name} must be more than 0.`);
  return value;
}

/** Models that can't be read count nothing: the verb itself says why. What is scanned here is not scanned again. */
async function bytesOf(call: Call): Promise<number> {
  let bytes = 0;
  for (const path of [...call.args, textOf(call, 'adapted') ?? []].flat()) {
    if (await holdsWeightsAlone(path).catch(() => false)) {
      bytes += await withOpenFile(path, call.signal, async (open) => readCost(open).fileSize).catch(() => 0);
      continue;
    }
    bytes += await withOpenModel(path, call.signal, async ({ model, source }) => {
      const data = [...externalFiles(model).values()];
      return source.size + data.reduce((sum, needed) => sum + needed, 0);
    }).catch(() => 0);
  }
  return bytes;
}

async function picturesOf(call: Call): Promise<number> {
  const dir = textOf(call, 'images');
  if (dir === undefined) return 0;
  return imageFiles(dir).then(
    (files) => files.length,
    () => 0,
  );
}
