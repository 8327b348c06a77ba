import { countText, shortCount } from '../../../src/text/numbers.ts';
import { bytesText } from '../../text/format.ts';
import type { LayerRow, SortKey } from './layerRows.ts';

/** A column of the table of layers. */
export interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly number: boolean;
  /** In pixels, where its reader hasn't set another. The name takes what is left, and no less than this. */
  readonly width: number;
  text(row: LayerRow): string;
}

function percent(share: number | null): string {
  return share ? `${(share * 100).toFixed(2)} %` : '';
}

function macsText({ macs }: LayerRow): string {
  if (macs === null) return 'unknown';
  return macs > 0 ? shortCount(macs) : '';
}

/**
 * What people look for comes first: where there is little room, the last ones give way. All costs stand beside the side
 * panel at 1440 pixels, so widths are those of what the cells hold; a heading of two words takes two lines.
 */
export const COLUMNS: readonly Column[] = [
  { key: 'order', title: '#', number: true, width: 40, text: ({ order }) => String(order) },
  { key: 'name', title: 'Name', number: false, width: 116, text: ({ name }) => name },
  { key: 'operator', title: 'Operator', number: false, width: 82, text: ({ operator }) => operator },
  { key: 'output', title: 'Output shape', number: false, width: 124, text: ({ output }) => output || 'unknown' },
  {
    key: 'params',
    title: 'Parameters',
    number: true,
    width: 92,
    text: ({ params }) => (params > 0 ? countText(params) : ''),
  },
  { key: 'share', title: '% params', number: true, width: 68, text: ({ share }) => percent(share) },
  { key: 'macs', title: 'Multiply-adds', number: true, width: 74, text: macsText },
  { key: 'work', title: '% MACs', number: true, width: 70, text: ({ work }) => percent(work) },
  {
    key: 'memory',
    title: 'Activations',
    number: true,
    width: 96,
    text: ({ memory }) => (memory === null ? 'unknown' : bytesText(memory)),
  },
  { key: 'input', title: 'Input shape', number: false, width: 124, text: ({ input }) => input },
];

/** Narrower columns show nothing, and wider ones nothing else. */
const LEAST_WIDTH = 36;
const MOST_WIDTH = 900;

/** Which columns the reader has chosen, null for as many as there is room for; and widths that were set. */
export interface ColumnChoice {
  readonly columns: readonly string[] | null;
  readonly widths: Readonly<Record<string, number>>;
}

/** In pixels, within what a column may have. */
export function widthOf({ key, width }: Column, { widths }: ColumnChoice): number {
  const set = Object.hasOwn(widths, key) ? widths[key] : undefined;
  return set === undefined ? width : Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, Math.round(set)));
}

/** The columns to be shown in so many pixels. The name is always among them: it says what a row is. */
export function shownColumns(choice: ColumnChoice, room: number): Column[] {
  if (choice.columns) return COLUMNS.filter(({ key }) => key === 'name' || choice.columns?.includes(key));
  const shown: Column[] = [];
  let left = room;
  for (const column of COLUMNS) {
    left -= widthOf(column, choice);
    if (left < 0 && shown.length > 1) break;
    shown.push(column);
  }
  return shown;
}

/** The choice with one column shown or hidden. */
export function withColumn(choice: ColumnChoice, shown: readonly Column[], key: SortKey): ColumnChoice {
  const keys: string[] = shown.map((column) => column.key);
  const columns = keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key];
  return { ...choice, columns };
}
