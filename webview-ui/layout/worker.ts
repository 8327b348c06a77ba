import type { NestedInput } from './geometry.ts';
import { layoutNested } from './nested.ts';
import type { Orientation } from './spacing.ts';

/** The layout worker: one graph at a time, then one set of open groups after another. */
type Order =
  { type: 'graph'; input: NestedInput } | { type: 'layout'; turn: number; open: Uint8Array; orientation: Orientation };

let input: NestedInput | null = null;
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
};

scope.onmessage = ({ data }) => {
  if (data.type === 'graph') {
    input = data.input;
    return;
  }
  if (!input) return;
  const started = performance.now();
  const scene = layoutNested(input, data.open, data.orientation);
  const buffers = Object.values(scene).flatMap((v) => (ArrayBuffer.isView(v) ? [v.buffer as ArrayBuffer] : []));
  scope.postMessage({ turn: data.turn, scene, milliseconds: performance.now() - started }, [...new Set(buffers)]);
};
