import type { NestedInput } from './geometry.ts';
import { layoutNested } from './nested.ts';
import type { LayoutOrder, LayoutReply } from './orders.ts';

let input: NestedInput | null = null;
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<LayoutOrder>) => void) | null;
  postMessage(reply: LayoutReply, transfer: Transferable[]): void;
};

scope.onmessage = ({ data }) => {
  if (data.type === 'graph') {
    input = data.input;
    return;
  }
  if (!input) return;
  const scene = layoutNested(input, data.open, data.orientation);
  const buffers = Object.values(scene).flatMap((part) =>
    ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : [],
  );
  scope.postMessage({ turn: data.turn, scene }, [...new Set(buffers)]);
};
