import { existsSync } from 'node:fs';
import { configureRuntime } from '../verify/session.ts';

/** Points ONNX Runtime to its two files in `ort/` beside a bundled entry point; the build puts them there, so nothing is downloaded. */
export function useBundledRuntime(entry: string): void {
  const wasm = new URL('./ort/ort-wasm-simd-threaded.wasm', entry);
  if (!existsSync(wasm)) return;
  configureRuntime({ wasmPaths: { wasm: wasm.href, mjs: new URL('./ort/ort-wasm-simd-threaded.mjs', entry).href } });
}
