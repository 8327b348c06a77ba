import { messageOf } from '../../../src/text/messageOf.ts';
import { request } from './host.ts';

/** Cells asked for at once: more than a screen shows, and small enough to come at once. */
const BLOCK_ROWS = 64;
const BLOCK_COLUMNS = 16;
/** Blocks kept; a block is some 50 kB of text at most times. */
const KEPT = 256;

/** One plane of a tensor: two axes as rows and columns, the others fixed at an index. */
export interface Plane {
  readonly tensor: string;
  readonly dims: readonly number[];
  /** null where the tensor has fewer axes. */
  readonly rowAxis: number | null;
  readonly columnAxis: number | null;
  readonly fixed: readonly number[];
}

/** The cells of a plane, loaded block by block when they are asked for. */
export class Blocks {
  readonly rows: number;
  readonly columns: number;
  readonly #plane: Plane;
  readonly #loaded: () => void;
  readonly #failed: (message: string) => void;
  readonly #blocks = new Map<string, readonly string[] | null>();
  readonly #stop = new AbortController();

  constructor(plane: Plane, loaded: () => void, failed: (message: string) => void) {
    this.#plane = plane;
    this.#loaded = loaded;
    this.#failed = failed;
    this.rows = sizeOf(plane, plane.rowAxis);
    this.columns = sizeOf(plane, plane.columnAxis);
  }

  /** The text of a cell; null while it is being loaded. */
  cell(row: number, column: number): string | null {
    const [top, left] = [row - (row % BLOCK_ROWS), column - (column % BLOCK_COLUMNS)];
    const key = `${top},${left}`;
    const block = this.#blocks.get(key);
    if (block === undefined) {
      this.#blocks.set(key, null);
      void this.#load(key, top, left);
    }
    if (!block) return null;
    const width = Math.min(BLOCK_COLUMNS, this.columns - left);
    // With the column axis before the row axis the block comes column by column.
    const { rowAxis, columnAxis } = this.#plane;
    const turned = rowAxis !== null && columnAxis !== null && columnAxis < rowAxis;
    const height = Math.min(BLOCK_ROWS, this.rows - top);
    return block[turned ? (column - left) * height + row - top : (row - top) * width + column - left] ?? null;
  }

  close(): void {
    this.#stop.abort();
  }

  async #load(key: string, top: number, left: number): Promise<void> {
    const { tensor, dims, rowAxis, columnAxis, fixed } = this.#plane;
    const ranges = dims.map((dim, axis) => {
      if (axis === rowAxis) return { from: top, to: Math.min(dim, top + BLOCK_ROWS) };
      if (axis === columnAxis) return { from: left, to: Math.min(dim, left + BLOCK_COLUMNS) };
      return { from: fixed[axis] ?? 0, to: (fixed[axis] ?? 0) + 1 };
    });
    try {
      const { texts } = await request('tensorBlock', { tensor, ranges }, { signal: this.#stop.signal });
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size > KEPT && oldest !== undefined) this.#blocks.delete(oldest);
      this.#blocks.set(key, texts);
      if (!this.#stop.signal.aborted) this.#loaded();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(messageOf(error));
    }
  }
}

function sizeOf({ dims }: Plane, axis: number | null): number {
  if (dims.includes(0)) return 0;
  return axis === null ? 1 : (dims[axis] ?? 1);
}
