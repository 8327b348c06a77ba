import { FLOAT16 } from '../tensors/dtypes.ts';
import type * as Runtime from 'onnxruntime-web';
import { ChannelwiseError } from '../bytes/errors.ts';
import { reason, runtimeError } from './runtimeErrors.ts';
import { VALUE_TYPES, valueRow, type Value, type ValueData } from './values.ts';

export interface RuntimeConfig {
  /** Where the runtime's two files lie: `ort-wasm-simd-threaded.mjs` and `.wasm`, as file: or other URLs. */
  readonly wasmPaths?: { readonly mjs: string; readonly wasm: string };
  /** Gives the bytes of the `.wasm`, where there are no files to load: in a browser. */
  readonly wasmBinary?: () => Promise<Uint8Array>;
  /** Threads that share one run; one when absent. The thread that waits for them is blocked meanwhile. */
  readonly threads?: number;
  /** Gives what the runtime writes to standard output while `run` runs; a profile comes no other way. */
  readonly captureOutput?: (run: () => void) => string;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the model. Throws `unsupported` with a `runtime-…` code when it can't. */
  run(feeds: ReadonlyMap<string, Value>): Promise<ReadonlyMap<string, Value>>;
  close(): Promise<void>;
}

/** Whether the runtime may put several operators together, as it does by itself, or runs each node as it stands. */
export type Operators = 'fused' | 'as written';

/** A session that keeps how long each node takes. */
export interface ProfiledSession extends Session {
  /** Ends the profile: events of all runs so far as the runtime writes them, in JSON. */
  profile(): string;
}

/** The runtime's own log would land on the user's terminal; what fails is told in one sentence. */
const QUIET: Runtime.InferenceSession.RunOptions = { logSeverityLevel: 4 };

let config: RuntimeConfig | null = null;
let loading: Promise<typeof Runtime> | null = null;

/**
 * Says where the runtime's files lie. Entry points call this once, before the first session; without, they are looked
 * for beside the package.
 */
export function configureRuntime(wanted: RuntimeConfig | null): void {
  config = wanted;
  loading = null;
}

/** The runtime's name and version, for reports. */
export async function runtimeVersion(): Promise<string> {
  const { env } = await loadRuntime();
  return `onnxruntime-web ${env.versions.web ?? env.versions.common}`;
}

/**
 * Opens a model that is in memory, in WebAssembly.
 * Throws ChannelwiseError: `runtime-load`, `runtime-operator`, `runtime-memory` or `runtime-model`.
 */
export async function openSession(model: Uint8Array, operators: Operators = 'as written'): Promise<Session> {
  const runtime = await loadRuntime();
  const graphOptimizationLevel = operators === 'fused' ? 'all' : 'disabled';
  return sessionOf(runtime, await create(runtime, model, { graphOptimizationLevel }));
}

/**
 * Opens a model that runs each node as written and keeps how long each takes. Throws as `openSession` does, and
 * `unsupported` (runtime-profile) where the runtime's output can't be had.
 */
export async function openProfiledSession(model: Uint8Array): Promise<ProfiledSession> {
  const capture = config?.captureOutput;
  if (!capture)
    throw new ChannelwiseError('unsupported', 'runtime-profile', 'Single layers can’t be timed in this place.');
  const runtime = await loadRuntime();
  const session = await create(runtime, model, { graphOptimizationLevel: 'disabled', enableProfiling: true });
  return { ...sessionOf(runtime, session), profile: () => capture(() => session.endProfiling()) };
}

/** The runtime's memory has one stack: what one call has put there must not be cut off by another. */
let lastTurn: Promise<void> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = lastTurn.then(work);
  const done = (): void => undefined;
  lastTurn = result.then(done, done);
  return result;
}

/** How many threads share a run. */
export function runtimeThreads(): number {
  return config?.threads ?? 1;
}

async function create(
  runtime: typeof Runtime,
  model: Uint8Array,
  options: Runtime.InferenceSession.SessionOptions,
): Promise<Runtime.InferenceSession> {
  try {
    const { InferenceSession } = runtime;
    return await inTurn(() =>
      InferenceSession.create(model, { executionProviders: ['wasm'], logSeverityLevel: 4, ...options }),
    );
  } catch (error) {
    throw runtimeError(error, 'open');
  } finally {
    // It is compiled by now, and is large.
    delete runtime.env.wasm.wasmBinary;
  }
}

function sessionOf(runtime: typeof Runtime, session: Runtime.InferenceSession): Session {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds) => runSession(runtime, session, feeds),
    async close() {
      await session.release();
    },
  };
}

async function runSession(
  runtime: typeof Runtime,
  session: Runtime.InferenceSession,
  feeds: ReadonlyMap<string, Value>,
): Promise<Map<string, Value>> {
  const tensors: Record<string, Runtime.Tensor> = {};
  for (const [name, value] of feeds) {
    tensors[name] = new runtime.Tensor(
      valueRow(value.dtype, name).name as 'float32',
      value.data as Float32Array,
      value.dims,
    );
  }
  let outputs: Runtime.InferenceSession.ReturnType;
  try {
    outputs = await inTurn(() => session.run(tensors, QUIET));
  } catch (error) {
    throw runtimeError(error, 'run');
  }
  const found = new Map<string, Value>();
  for (const [name, output] of Object.entries(outputs)) {
    const value = fromRuntime(output);
    if (value) found.set(name, value);
  }
  return found;
}

const DTYPE_BY_NAME = new Map(Object.entries(VALUE_TYPES).map(([dtype, row]) => [row.name, Number(dtype)]));

/** Outputs that are no numeric tensors (texts, sequences) are left out. */
function fromRuntime(output: Runtime.OnnxValue): Value | null {
  const tensor = output as Partial<Runtime.Tensor>;
  const dtype = DTYPE_BY_NAME.get(tensor.type ?? '');
  if (dtype === undefined || !tensor.dims || !tensor.data) return null;
  const data = tensor.data as ValueData;
  // Newer engines give float16 as Float16Array; its bits are what we hold.
  const bits =
    dtype === FLOAT16 && !(data instanceof Uint16Array)
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : data;
  return { dtype, dims: [...tensor.dims], data: bits };
}

function loadRuntime(): Promise<typeof Runtime> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<typeof Runtime> {
  try {
    const runtime = await import('onnxruntime-web');
    runtime.env.wasm.numThreads = config?.threads ?? 1;
    runtime.env.logLevel = 'fatal';
    if (config?.wasmPaths) runtime.env.wasm.wasmPaths = { ...config.wasmPaths };
    if (config?.wasmBinary) runtime.env.wasm.wasmBinary = await config.wasmBinary();
    return runtime;
  } catch (error) {
    throw new ChannelwiseError('unsupported', 'runtime-load', `ONNX Runtime could not be loaded (${reason(error)}).`);
  }
}
