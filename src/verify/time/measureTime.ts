import { checkCancelled } from '../../bytes/cancel.ts';
import { wholeModel } from '../proof/stem/stem.ts';
import { MAX_WHOLE_OPERATIONS, RunEstimate } from '../runCost.ts';
import { openProfiledSession, openSession, runtimeThreads, runtimeVersion } from '../session.ts';
import type { Wiring } from '../wiring.ts';
import { madeUpInputs, type Bound } from './madeUpInputs.ts';
import { median, profileTimes } from './profile.ts';

/** The first run sets things up. */
const WARM_UP = 1;
const USUAL_RUNS = 10;
/** Measuring ends after so long, with fewer runs where a model is slow. */
const MOST_MILLISECONDS = 60_000;

export interface MeasuredTime {
  /** Milliseconds of a whole run as the runtime usually runs it, some nodes merged: the middle one. */
  readonly milliseconds: number;
  /** Microseconds of each node by its name, each run as written, none merged: the mean. */
  readonly layers: ReadonlyMap<string, number>;
  readonly runs: number;
  readonly threads: number;
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  readonly runtime: string;
}

export interface TimeRequest {
  readonly model: Wiring;
  /** Numbers for named sizes. */
  readonly bound: Bound;
  readonly runs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Runs a model some times in ONNX Runtime and measures: the whole of it as the runtime usually runs it, then each node
 * by the runtime's own profile. Nodes without a name can't be told apart there and are left out.
 * Throws what the runtime throws, `unsupported` for what would take too much, and `cancelled`.
 */
export async function measureTime(request: TimeRequest): Promise<MeasuredTime> {
  const { model, bound, runs = USUAL_RUNS } = request;
  const feeds = madeUpInputs(model.inputs.values(), bound);
  const sizes = Object.fromEntries([...feeds].map(([name, { dims }]) => [name, dims]));
  const { bytes } = await wholeModel(model);
  const estimate = await RunEstimate.of(bytes);
  estimate.check(sizes, { operations: MAX_WHOLE_OPERATIONS });
  const whole = await openSession(bytes, 'fused');
  const times: number[] = [];
  try {
    await repeat({ ...request, runs, part: 0 }, async () => {
      const start = performance.now();
      await whole.run(feeds);
      times.push(performance.now() - start);
    });
  } finally {
    await whole.close();
  }
  const single = await openProfiledSession(bytes);
  try {
    await repeat({ ...request, runs: times.length - WARM_UP, part: 1 }, async () => void (await single.run(feeds)));
    return {
      milliseconds: median(times.slice(WARM_UP)),
      layers: onlyNamed(model, profileTimes(single.profile(), WARM_UP)),
      runs: times.length - WARM_UP,
      threads: runtimeThreads(),
      sizes,
      runtime: await runtimeVersion(),
    };
  } finally {
    await single.close();
  }
}

interface Repeat extends Omit<TimeRequest, 'model' | 'bound'> {
  readonly runs: number;
  /** The first or the second half of the work. */
  readonly part: 0 | 1;
}

/** Runs something, and again until there are enough runs or the time is up; at least once behind the warming up. */
async function repeat({ runs, part, signal, onProgress }: Repeat, run: () => Promise<void>): Promise<void> {
  const start = performance.now();
  for (let done = 0; done < runs + WARM_UP; done++) {
    checkCancelled(signal);
    if (done > WARM_UP && performance.now() - start > MOST_MILLISECONDS) return;
    await run();
    onProgress?.((part + (done + 1) / (runs + WARM_UP)) / 2);
  }
}

/** Without names that the runtime made up. It opens no model in which two nodes share a name. */
function onlyNamed({ order }: Wiring, times: ReadonlyMap<string, number>): Map<string, number> {
  const names = new Set(order.map(({ name }) => name).filter(Boolean));
  return new Map([...times].filter(([name]) => names.has(name)));
}
