import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { configureRuntime } from '../verify/session.ts';
import { captureOutput } from './node/captureOutput.ts';

/** More threads share one run no better. */
const MAX_THREADS = 4;

/**
 * Points ONNX Runtime to its two files in `ort/` beside a bundled entry point; the build puts them there, so nothing is
 * downloaded. A worker's run is shared by threads.
 */
export function useBundledRuntime(entry: string): void {
  const wasm = new URL('./ort/ort-wasm-simd-threaded.wasm', entry);
  if (!existsSync(wasm)) return;
  const mjs = new URL('./ort/ort-wasm-simd-threaded.mjs', entry);
  // The thread that waits for the others is blocked; the main one must not be.
  const threads = isMainThread ? 1 : Math.min(MAX_THREADS, availableParallelism());
  configureRuntime({ wasmPaths: { wasm: wasm.href, mjs: mjs.href }, threads, captureOutput });
}
