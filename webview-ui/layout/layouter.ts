import type { NestedInput, SceneGeometry } from './geometry.ts';
import { layoutNested } from './nested.ts';
import type { LayoutOrder, LayoutReply } from './orders.ts';
import type { Orientation } from './spacing.ts';

/** The bundled worker's text, put in by build.mjs; absent in a plain bundle, and then layout runs here. */
declare const LAYOUT_WORKER_TEXT: string;

/** Small graphs are laid out at once: starting a worker costs more. */
const SMALL = 3000;

/** Lays out one graph again and again as groups open and close. Only the newest question is answered. */
export class Layouter {
  #input: NestedInput;
  #worker: Worker | null = null;
  #turn = 0;
  #open: Uint8Array = new Uint8Array(0);
  #orientation: Orientation = 'top-down';
  #waiting: ((scene: SceneGeometry | null) => void) | null = null;

  constructor(input: NestedInput) {
    this.#input = input;
    if (input.itemW.length > SMALL) this.#worker = startWorker();
    if (!this.#worker) return;
    this.#send({ type: 'graph', input });
    this.#worker.onmessage = ({ data }: MessageEvent<LayoutReply>) => {
      if (data.turn === this.#turn) this.#settle(data.scene);
    };
    // A worker that can't start or dies must not leave the page empty: go on without it.
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#worker?.terminate();
      this.#worker = null;
      if (this.#waiting) this.#settle(layoutNested(input, this.#open, this.#orientation));
    };
  }

  /** Resolves to null when a newer call has overtaken this one, or when the layouter was closed. */
  layout(open: Uint8Array<ArrayBuffer>, orientation: Orientation): Promise<SceneGeometry | null> {
    this.#settle(null);
    const turn = ++this.#turn;
    this.#open = open;
    this.#orientation = orientation;
    if (!this.#worker) return Promise.resolve(layoutNested(this.#input, open, orientation));
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#send({ type: 'layout', turn, open, orientation });
    });
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#settle(null);
  }

  #send(order: LayoutOrder): void {
    this.#worker?.postMessage(order);
  }

  #settle(scene: SceneGeometry | null): void {
    const resolve = this.#waiting;
    this.#waiting = null;
    resolve?.(scene);
  }
}

function startWorker(): Worker | null {
  if (typeof LAYOUT_WORKER_TEXT !== 'string') return null;
  const url = URL.createObjectURL(new Blob([LAYOUT_WORKER_TEXT], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
    return worker;
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
}
