import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { nodeLabel, shapeText } from '../../text/format.ts';
import { nodeParameters } from '../graphModel.ts';
import { allNodes } from '../items.ts';

export interface LayerRow {
  id: number;
  /** Place in the file, from 1. */
  order: number;
  name: string;
  operator: string;
  input: string;
  output: string;
  params: number;
  /** Null where the host doesn't know it. */
  macs: number | null;
  /** Part of the model's parameters, 0 to 1. */
  share: number;
  /** Part of the model's multiply-adds, 0 to 1; null where either is not known. */
  work: number | null;
  /** Bytes of the tensors it makes. Null where a size is not known. */
  memory: number | null;
}

/** What rows can be sorted by. */
export type SortKey = keyof Omit<LayerRow, 'id'>;

/** One row per node, without the constants that are only weights. */
export function layerRows(model: PageModel): LayerRow[] {
  const total = model.sizes?.cost.macs ?? null;
  return allNodes(model)
    .filter((node) => node.opType !== 'Constant')
    .map((node, i) => {
      const params = nodeParameters(node);
      const macs = node.cost?.macs ?? null;
      return {
        id: node.id,
        order: i + 1,
        name: nodeLabel(node),
        operator: node.opType,
        input: shapeText(node.inputs.find((input) => !input.weight && input.name !== '')?.dims ?? null),
        output: shapeText(node.outputs[0]?.dims ?? null),
        params,
        macs,
        memory: node.cost?.memory ?? null,
        work: macs === null || !total ? null : macs / total,
        share: model.parameterCount > 0 ? params / model.parameterCount : 0,
      };
    });
}

/** Rows that hold every word of the filter in name, operator or shapes. `64x112` means 64×112. */
export function filterRows(rows: readonly LayerRow[], filter: string): LayerRow[] {
  const words = filter
    .toLowerCase()
    .replace(/(\d)\s*[x*]\s*(?=\d)/g, '$1×')
    .split(/\s+/)
    .filter((w) => w !== '');
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const text = `${row.name}\n${row.operator}\n${row.input}\n${row.output}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Sorted by one column; equal rows stay in file order, unknown numbers come last either way. */
export function sortRows(rows: readonly LayerRow[], key: SortKey, down: boolean): LayerRow[] {
  const sign = down ? -1 : 1;
  const words = new Intl.Collator('en', { numeric: true });
  return [...rows].sort((a, b) => {
    const [x, y] = [a[key], b[key]];
    if (x === null && y === null) return a.order - b.order;
    if (x === null) return 1;
    if (y === null) return -1;
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : words.compare(String(x), String(y));
    return sign * order || a.order - b.order;
  });
}
