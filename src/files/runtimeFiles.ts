import { existsSync } from 'node:fs';
import type { RuntimeConfig } from '../verify/session.ts';

/**
 * ONNX Runtime's two files in `ort/` beside a bundled entry point; the build puts them there, so nothing is downloaded.
 * null for a program that is not bundled.
 */
export function bundledRuntime(entry: string): RuntimeConfig['wasmPaths'] | null {
  const wasm = new URL('./ort/ort-wasm-simd-threaded.wasm', entry);
  if (!existsSync(wasm)) return null;
  return { wasm: wasm.href, mjs: new URL('./ort/ort-wasm-simd-threaded.mjs', entry).href };
}
