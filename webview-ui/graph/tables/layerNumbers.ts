/**
 * Numbers by layer name, from a file that a person gives: ONNX Runtime's profile, or a plain object of names and
 * numbers.
 */
export interface LayerNumbers {
  readonly title: string;
  readonly numbers: ReadonlyMap<string, number>;
  /** What the numbers are, where that is known: parts of a whole don't add up over layers. */
  readonly unit?: 'microseconds' | 'part';
  /** How they came about, in a sentence. */
  readonly note?: string;
}

/**
 * ONNX Runtime writes one event for each run of a node, named after it:
 * https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html
 */
const KERNEL_TIME = '_kernel_time';

/** Reads either form. Throws an Error with one sentence where it is neither. */
export function readLayerNumbers(text: string, fileName: string): LayerNumbers {
  const value = parsed(text);
  if (Array.isArray(value))
    return { title: `Time in ${fileName}, of each run`, numbers: profileTimes(value), unit: 'microseconds' };
  if (typeof value !== 'object' || value === null) throw notNumbers();
  const numbers = new Map<string, number>();
  for (const [name, number] of Object.entries(value))
    if (typeof number === 'number' && Number.isFinite(number)) numbers.set(name, number);
  if (numbers.size === 0) throw notNumbers();
  return { title: fileName, numbers };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notNumbers();
  }
}

function notNumbers(): Error {
  return new Error(
    'The file holds no numbers by layer; give an ONNX Runtime profile, or JSON like {"layer name": 1.5, …}.',
  );
}

/** Mean microseconds of each node over its runs. */
function profileTimes(events: readonly unknown[]): Map<string, number> {
  const sums = new Map<string, { total: number; runs: number }>();
  for (const event of events) {
    const timed = kernelEvent(event);
    if (!timed) continue;
    const sum = sums.get(timed.node) ?? { total: 0, runs: 0 };
    sums.set(timed.node, { total: sum.total + timed.microseconds, runs: sum.runs + 1 });
  }
  if (sums.size === 0) throw notNumbers();
  return new Map([...sums].map(([node, { total, runs }]) => [node, total / runs]));
}

function kernelEvent(event: unknown): { node: string; microseconds: number } | null {
  if (typeof event !== 'object' || event === null) return null;
  const { name, dur } = event as Record<string, unknown>;
  if (typeof name !== 'string' || typeof dur !== 'number' || !name.endsWith(KERNEL_TIME)) return null;
  return { node: name.slice(0, -KERNEL_TIME.length), microseconds: dur };
}
