import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { densePage, residualPage, resnet50Page, transformerPage } from '../fixtures/pageModels.ts';
import type { Figure } from './main.ts';

/** What dagre gets on each graph before it is stopped. */
const PATIENCE_S = 20;
const child = fileURLToPath(new URL('layoutChild.ts', import.meta.url));

export const LAYOUT_GRAPHS: Readonly<Record<string, () => PageModel>> = {
  'ResNet-50': resnet50Page,
  '30,000-node residual network': () => residualPage(30_000),
  '30,000-node transformer': () => transformerPage(30_000),
  '1,000 nodes with 12 skips each': () => densePage(1000),
  '5,000-node transformer, mask in every block': () => transformerPage(5000, true),
};

/** Layout with all groups open, each in a process of its own, beside dagre on the same boxes and lines. */
export function benchLayout(): Figure[] {
  return Object.keys(LAYOUT_GRAPHS).flatMap((graph): Figure[] => {
    const ours = run('ours', graph);
    const dagre = run('dagre', graph);
    if (typeof ours === 'string') throw new Error(`${graph}: ${ours}`);
    return [
      {
        what: `layout of ${graph}`,
        value: ours.milliseconds,
        unit: 'ms of processor time, first run',
        against:
          typeof dagre === 'string'
            ? `dagre: ${dagre}`
            : `dagre: ${Math.round(dagre.milliseconds)} ms, ${mega(dagre.bytes)} MB`,
      },
      { what: `largest memory of that process`, value: mega(ours.bytes), unit: 'MB' },
    ];
  });
}

function mega(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function run(which: string, graph: string): { milliseconds: number; bytes: number } | string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', 'tsx', child, which, graph], {
    encoding: 'utf8',
    timeout: PATIENCE_S * 1000,
    killSignal: 'SIGKILL',
  });
  if (error) return `did not finish in ${PATIENCE_S} s`;
  if (status === 0) return JSON.parse(stdout) as { milliseconds: number; bytes: number };
  return /RangeError: ([^\n]*)/.exec(stderr)?.[1] ?? (stderr.trim().split('\n').at(-1) || `ended with ${status}`);
}
