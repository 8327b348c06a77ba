import type { ColumnChoice } from '../../graph/tables/layerColumns.ts';

/** How the reader has the table of layers: its order, its filter, and its columns. */
export interface TableState extends ColumnChoice {
  /** The key of a column; one that is not known is the file's order. */
  readonly sort: string;
  readonly down: boolean;
  readonly filter: string;
}

export const USUAL_TABLE: TableState = { sort: 'order', down: false, filter: '', columns: null, widths: {} };
