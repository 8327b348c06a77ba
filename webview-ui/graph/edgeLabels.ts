import type { DimText, PageModel } from '../../src/protocol/pageModel.ts';
import { shapeLabel } from '../text/format.ts';
import { allNodes } from './items.ts';

interface Carrier {
  readonly tensor: string;
  readonly dims: readonly DimText[] | null;
}

/**
 * What lines say: the shape, without the batch size that all share, and the element type where it is not the usual one.
 */
export class EdgeLabels {
  /** Whether the shared batch size is written all the same. */
  showBatch = false;
  readonly #batch: DimText | null;
  readonly #unusual: ReadonlyMap<string, string>;

  constructor(page: PageModel) {
    this.#batch = sharedBatch(page);
    this.#unusual = unusualTypes(page);
  }

  /** Whether there is a batch size that labels leave out. */
  get hasBatch(): boolean {
    return this.#batch !== null;
  }

  /** The label of a line. */
  of(carrier: Carrier): string {
    const { dims } = carrier;
    const drops = !this.showBatch && dims !== null && dims.length > 1 && dims[0] === this.#batch;
    return this.#typed(carrier, shapeLabel(drops ? dims.slice(1) : dims));
  }

  /** Type and shape with the batch size, for where there is room. */
  whole(carrier: Carrier): string {
    return this.#typed(carrier, shapeLabel(carrier.dims));
  }

  #typed({ tensor }: Carrier, shape: string): string {
    const dtype = this.#unusual.get(tensor);
    return dtype === undefined ? shape : `${dtype} ${shape}`.trim();
  }
}

/** The first size of all inputs of rank two and more, where it is one and the same. */
function sharedBatch({ inputs }: PageModel): DimText | null {
  const firsts = new Set(inputs.flatMap(({ dims }) => (dims && dims.length > 1 ? [dims[0]] : [])));
  const [batch] = firsts;
  return firsts.size === 1 && batch !== undefined ? batch : null;
}

/** Element types by tensor, without those of the type that most tensors have. */
function unusualTypes(page: PageModel): Map<string, string> {
  const types = new Map<string, string>();
  for (const { name, dtype } of page.inputs) if (dtype) types.set(name, dtype);
  for (const node of allNodes(page)) for (const { name, dtype } of node.outputs) if (dtype) types.set(name, dtype);
  const times = new Map<string, number>();
  for (const dtype of types.values()) times.set(dtype, (times.get(dtype) ?? 0) + 1);
  const [usual] = [...times].sort((a, b) => b[1] - a[1])[0] ?? [];
  for (const [name, dtype] of types) if (dtype === usual) types.delete(name);
  return types;
}
