import { evaluateFolder, type EvaluateOptions } from '../../jobs/evaluate.ts';
import { grayByLayerOfFolder, grayByLayerText } from '../../jobs/grayByLayer.ts';
import { evaluationCsv, evaluationText } from '../../verify/evaluate/evaluateText.ts';
import { layersCsv } from '../../verify/evaluate/layers/layersText.ts';
import { print, shownLine } from '../print.ts';
import { ONE_FILE, numberOf, numbersOf, textOf, usageError, type Call, type Verb } from '../verb.ts';

export const EVALUATE: Verb = {
  usage: [
    'evaluate MODEL --images DIR',
    '[--adapted MODEL]',
    '[--preset imagenet|plus-minus-one|zero-to-one|raw]',
    '[--mean … --std … --scale …]',
    '[--size N]',
    '[--stretch]',
    '[--order rgb|bgr]',
    '[--labels FILE.json]',
    '[--layers [--pictures N]]',
    '[--csv]',
  ],
  about: 'what gray costs: RGB, gray repeated, gray through the adapted model',
  files: ONE_FILE,
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
    layers: { type: 'boolean' },
    pictures: { type: 'string' },
    csv: { type: 'boolean' },
  },
  help: [
    '--images DIR    the pictures, PNG or JPEG; sub-folders are classes',
    '--adapted MODEL the gray model; without it the model is adapted in memory',
    '--preset NAME   how pixels are normalised, where the model does not say it: imagenet without this option',
    "--mean, --std and --scale take numbers with commas, also 1/255, in place of the preset's.",
    '--size N        the side of the square, where the model leaves it open',
    '--stretch       stretches the pictures in place of cropping their middle',
    '--order bgr     for models that take BGR',
    '--labels FILE   {"folder": class, …}, or a list of folders in class order',
    '--layers        how far the activations of each layer move when the colours are taken away',
    '--pictures N    so many pictures, spread over the folder, for --layers: 24 without this option',
    '--csv           a line for each picture, or layer, in place of the report',
  ],
  work: 'evaluate',
  run: runEvaluate,
};

async function runEvaluate(call: Call): Promise<void> {
  const images = textOf(call, 'images');
  const order = textOf(call, 'order');
  if (images === undefined) throw usageError('evaluate needs --images with a folder of PNG or JPEG pictures.');
  if (order !== undefined && order !== 'rgb' && order !== 'bgr') throw usageError('--order is rgb or bgr.');
  const [model = ''] = call.args;
  const options: EvaluateOptions = {
    preset: textOf(call, 'preset'),
    mean: numbersOf(call, 'mean'),
    std: numbersOf(call, 'std'),
    scale: numberOf(call, 'scale'),
    size: numberOf(call, 'size'),
    stretch: call.values.stretch === true,
    order,
    labels: textOf(call, 'labels'),
    signal: call.signal,
  };
  const adapted = textOf(call, 'adapted') ?? null;
  const pictures = numberOf(call, 'pictures');
  if (call.values.layers === true) {
    if (adapted !== null) throw usageError('--layers looks at the model that takes colours; leave out --adapted.');
    const report = await grayByLayerOfFolder(model, images, { ...options, pictures });
    printReport(call, report, { csv: layersCsv(report), text: () => grayByLayerText(report) });
    return;
  }
  if (pictures !== undefined) throw usageError('--pictures goes with --layers.');
  const report = await evaluateFolder(model, adapted, images, options);
  printReport(call, report, { csv: evaluationCsv(report.runs, report.images), text: () => evaluationText(report) });
}

/** As CSV with `--csv`, else as JSON or text. */
function printReport(call: Call, report: object, { csv, text }: { csv: string; text: () => string[] }): void {
  if (call.values.csv && !call.values.json) {
    for (const line of csv.trimEnd().split('\n')) call.output.line(shownLine(line));
  } else print(call, report, text);
}
