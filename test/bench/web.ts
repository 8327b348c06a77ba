import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launch } from '../e2e/pageHarness.ts';
import { writeLargeModel } from '../fixtures/largeModel.ts';
import { floatWeights, safetensorsFile, type WeightsTensor } from '../fixtures/safetensors.ts';
import { RUNTIME, startStrictHost } from '../fixtures/strictHost.ts';
import type { StrictRun } from '../fixtures/strictPage.ts';
import { torchZip } from '../fixtures/torch/torchZip.ts';
import type { Figure } from './main.ts';
import { median } from './measure.ts';

const ROUNDS = 3;
const BUNDLES = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const STEPS = ['open', 'convert', 'verify'] as const;

/** Matrices of float32 behind the input layer, and their side: 105 MB. */
const LAYERS = 25;
const SIDE = 1024;

const WRITERS: Readonly<Record<string, (path: string) => void>> = {
  '.onnx': (path) => writeLargeModel(path, { layers: LAYERS, side: SIDE, holes: false }),
  '.safetensors': (path) => writeFileSync(path, safetensorsFile(largeWeights())),
  '.pth': (path) => writeFileSync(path, torchZip('archive', largeWeights())),
};

function largeWeights(): WeightsTensor[] {
  const layers = Array.from({ length: LAYERS }, (_, i) => floatWeights(`layers.${i}.weight`, [SIDE, SIDE]));
  return [floatWeights('conv1.weight', [64, 3, 7, 7]), ...layers];
}

/**
 * The worker in a browser, on models of 100 MB that are in the page's memory: what a person waits for, and the most
 * memory that the tab takes beyond that of an empty page and of the file system's own files. Needs `npm run build`.
 */
export async function benchWeb(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'channelwise-bench-web-'));
  try {
    const figures: Figure[] = [];
    for (const [ending, write] of Object.entries(WRITERS)) {
      const model = join(folder, `model${ending}`);
      write(model);
      figures.push(...(await benchModel(model)));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchModel(model: string): Promise<Figure[]> {
  const host = await startStrictHost(BUNDLES, model);
  try {
    const rounds: Measured[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await measure(host.url));
    const megabytes = statSync(model).size / 1e6;
    const of = `${Math.round(megabytes)} MB of ${extname(model)} in a browser`;
    // In the place of a file system the page holds the model, what is made of it, and the runtime's WebAssembly.
    const ofFileSystem = 2 * megabytes + statSync(RUNTIME).size / 1e6;
    const peak = median(rounds.map(({ grown }) => grown)) - ofFileSystem;
    return [
      ...STEPS.map((what) => ({ of, what, value: median(rounds.map(({ run }) => run[what])), unit: 'ms' })),
      { of, what: 'most memory', value: peak, unit: 'MB', against: `${(peak / megabytes).toFixed(1)} times the model` },
    ];
  } finally {
    await host.stop();
  }
}

interface Measured {
  readonly run: StrictRun;
  /** Megabytes. */
  readonly grown: number;
}

async function measure(url: string): Promise<Measured> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const renderers = await processes(browser);
    const before = renderers.map((pid) => memory(pid, 'VmRSS'));
    const run = await page.evaluate('run()');
    const grown = renderers.map((pid, i) => memory(pid, 'VmHWM') - (before[i] ?? 0));
    return { run: run as StrictRun, grown: Math.max(...grown) };
  } finally {
    await browser.close();
  }
}

async function processes(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

/** Megabytes of a process, as Linux counts them: now, or at most so far. */
function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}
