import type { PageMeasuredTime } from '../../../src/protocol/evaluation.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { countOf, numberText } from '../../../src/text/numbers.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import { request } from './host.ts';

interface Measuring {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** Runs the model here some times, at the sizes that were chosen on the page: what each layer takes. */
export async function measureTime({ sizes }: PageModel, measuring: Measuring): Promise<LayerNumbers> {
  const chosen = (sizes?.names ?? []).flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]));
  const measured = await request('measureTime', { bind: Object.fromEntries(chosen) }, measuring);
  return {
    title: 'Time, measured here',
    numbers: new Map(Object.entries(measured.layers)),
    unit: 'microseconds',
    note: noteOf(measured),
  };
}

function noteOf({ milliseconds, runs, threads, sizes, runtime }: PageMeasuredTime): string {
  const how = `${countOf(runs, 'run')}, ${countOf(threads, 'thread')}`;
  return `A whole run takes ${numberText(milliseconds)} ms (${sizes}; ${how}; ${runtime}). Layers were timed one by one, none merged, so they add up to more.`;
}
