import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AdaptReply } from '../node/jobs.ts';
import type { MapOptions } from '../node/mapOptions.ts';
import { announce, showFailure, withProgress, type Workers } from './convert.ts';
import { chosenModels, localPath } from './files.ts';
import { proveIfWanted } from './prove.ts';

interface Preset extends vscode.QuickPickItem {
  /** Asks for what the preset needs; undefined when the user leaves. */
  readonly ask: () => Promise<MapOptions | undefined>;
}

const IMAGENET = { mean: '0.485, 0.456, 0.406', std: '0.229, 0.224, 0.225', scale: '1/255' };

const PRESETS: readonly Preset[] = [
  { label: 'Grayscale', description: 'one channel in place of three, weights summed', ask: fixed({ map: 'gray' }) },
  { label: 'Swap RGB ↔ BGR', ask: fixed({ map: 'bgr' }) },
  { label: 'Drop alpha', description: 'RGBA images for an RGB model', ask: fixed({ map: 'drop-alpha' }) },
  { label: 'N bands', description: 'tiled from RGB, a start for fine-tuning', ask: askBands },
  { label: 'RGB input for a one-channel model', description: 'BT.601 luma', ask: fixed({ map: 'rgb-from-gray' }) },
  { label: 'Raw pixels 0–255, ImageNet normalisation inside', ask: fixed({ map: 'normalize', ...IMAGENET }) },
  { label: 'Raw pixels 0–255, scaled to [-1, 1] inside', ask: fixed({ map: 'normalize', mean: '0.5', std: '0.5', scale: '1/255' }) },
  { label: 'Raw pixels 0–255, scaled to [0, 1] inside', ask: fixed({ map: 'normalize', scale: '1/255' }) },
  { label: 'Own normalisation inside…', ask: () => askNormalisation('normalize') },
  { label: 'Gray pixels 0–255, ImageNet normalisation inside', ask: fixed({ map: 'gray', ...IMAGENET }) },
  { label: 'Gray pixels with own normalisation inside…', ask: () => askNormalisation('gray') },
  { label: 'Matrix and shift from a JSON file…', ask: askFile },
];

function fixed(options: MapOptions): () => Promise<MapOptions> {
  return () => Promise.resolve(options);
}

async function askBands(): Promise<MapOptions | undefined> {
  const n = await vscode.window.showInputBox({ prompt: 'Number of bands', value: '4', validateInput: (v) => (/^[1-9]\d{0,3}$/.test(v) ? null : 'A whole number from 1 to 4096') });
  return n === undefined ? undefined : { map: `bands:${n}` };
}

async function askNormalisation(map: string): Promise<MapOptions | undefined> {
  const mean = await askNumbers('Mean, one number or one per channel', IMAGENET.mean);
  const std = mean === undefined ? undefined : await askNumbers('Standard deviation, one number or one per channel', IMAGENET.std);
  const scale = std === undefined ? undefined : await askNumbers('Scale of pixels before that', IMAGENET.scale);
  return scale === undefined ? undefined : { map, mean, std, scale };
}

function askNumbers(prompt: string, value: string): Thenable<string | undefined> {
  const numbers = /^\s*-?[\d.eE+/-]+(\s*[\s,]\s*-?[\d.eE+/-]+)*\s*$/;
  return vscode.window.showInputBox({ prompt, value, validateInput: (v) => (numbers.test(v) ? null : 'Numbers separated by commas') });
}

async function askFile(): Promise<MapOptions | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ filters: { 'Channel map': ['json'] }, title: 'A file with {"matrix": …, "shift": …}' })) ?? [];
  return file ? { map: localPath(file) } : undefined;
}

/** Adapt Channels…: preset, numbers, preview of the plan, write. */
export async function adaptChannels(workers: Workers, clicked: unknown): Promise<void> {
  const [uri] = await chosenModels(clicked, undefined);
  if (!uri) return;
  const preset = await vscode.window.showQuickPick(PRESETS, { title: `Adapt channels of ${basename(uri.path)}`, placeHolder: 'What will the images be?' });
  const options = await preset?.ask();
  if (!options) return;
  try {
    const plan = await run(workers.worker, uri, options, true);
    const write: vscode.QuickPickItem = { label: '$(check) Write the adapted model', alwaysShow: true };
    const lines = plan?.plan.map((line): vscode.QuickPickItem => ({ label: line })) ?? [];
    const choice = await vscode.window.showQuickPick([write, { label: 'Plan', kind: vscode.QuickPickItemKind.Separator }, ...lines], { title: plan?.summary ?? '', placeHolder: 'Write it?' });
    if (choice !== write) return;
    const done = await run(workers.worker, uri, options, false);
    if (!done?.outPath) return;
    const { outPath } = done;
    await withProgress(`Proving ${basename(outPath)}`, async (signal) => {
      void announce({ ...done, proof: await proveIfWanted(workers.prover, localPath(uri), outPath, signal) });
    });
  } catch (error) {
    showFailure(uri, error);
  }
}

async function run(worker: Workers['worker'], uri: vscode.Uri, options: MapOptions, dryRun: boolean): Promise<AdaptReply | null> {
  let reply: AdaptReply | null = null;
  await withProgress(dryRun ? 'Planning' : `Adapting ${basename(uri.path)}`, async (signal, report) => {
    reply = await worker.run('adapt', { path: localPath(uri), options, dryRun }, { signal, onProgress: report });
  });
  return reply;
}
