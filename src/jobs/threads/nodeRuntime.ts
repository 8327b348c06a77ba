import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { captureOutput } from '../../files/node/captureOutput.ts';
import { bundledRuntime } from '../../files/runtimeFiles.ts';
import { configureRuntime, type RuntimeConfig } from '../../verify/session.ts';
import { nodeThread } from './nodeThread.ts';
import { openInThread } from './sessionThread.ts';

/** More threads share one run no better. */
const MAX_THREADS = 4;

/**
 * Points ONNX Runtime to its files beside a bundled entry point. A worker's run is shared by threads, and two models run
 * side by side in threads of their own.
 */
export function useBundledRuntime(entry: string): void {
  const wasmPaths = bundledRuntime(entry);
  if (!wasmPaths) return;
  const cores = availableParallelism();
  // The thread that waits for the others is blocked; the main one must not be.
  const threads = isMainThread ? 1 : threadsOn(cores);
  configureRuntime({ wasmPaths, threads, captureOutput, ...(cores > 1 && { openBeside: besideFrom(entry) }) });
}

/** The same for the thread of one of two models: it leaves half of the cores to the other. */
export function useHalfOfRuntime(entry: string): void {
  const wasmPaths = bundledRuntime(entry);
  if (wasmPaths) configureRuntime({ wasmPaths, threads: threadsOn(availableParallelism() / 2) });
}

function threadsOn(cores: number): number {
  return Math.max(1, Math.min(MAX_THREADS, Math.floor(cores)));
}

function besideFrom(entry: string): RuntimeConfig['openBeside'] {
  const thread = new URL('./sessionMain.js', entry);
  return (model) => openInThread(model, () => nodeThread(thread));
}
