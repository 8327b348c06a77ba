import type { Column, ColumnChoice } from '../../graph/tables/layerColumns.ts';
import { widthOf } from '../../graph/tables/layerColumns.ts';
import type { SortKey } from '../../graph/tables/layerRows.ts';

/** How far a key moves a column's edge, in pixels. */
const STEP = 16;

/** Sets the widths of columns: by their edges, or by Shift with Left and Right on a heading. */
export class ColumnEdges {
  readonly #resize: (key: SortKey, width: number) => void;
  #drag: { readonly from: number; readonly width: number } | null = null;

  /** `resize` is called with a width in pixels. */
  constructor(resize: (key: SortKey, width: number) => void) {
    this.#resize = resize;
  }

  /** For what the pointer does on the edge in the heading of a column. */
  drag(event: PointerEvent, key: SortKey): void {
    const edge = event.currentTarget as HTMLElement;
    if (event.type === 'pointerdown') {
      edge.setPointerCapture(event.pointerId);
      this.#drag = { from: event.clientX, width: edge.parentElement?.clientWidth ?? 0 };
      return;
    }
    if (event.buttons === 0) this.#drag = null;
    if (this.#drag) this.#resize(key, this.#drag.width + event.clientX - this.#drag.from);
  }

  /** For a key on the button in the heading of a column. */
  press(event: KeyboardEvent, key: SortKey): void {
    const steps: Record<string, number> = { ArrowLeft: -STEP, ArrowRight: STEP };
    const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (step === undefined || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const heading = (event.currentTarget as HTMLElement).parentElement;
    this.#resize(key, (heading?.clientWidth ?? 0) + step);
  }
}

/** The name takes what the others leave. Where all are wider than the table's room, it scrolls sideways. */
export function setWidths(root: ParentNode, columns: readonly Column[], choice: ColumnChoice): void {
  const cols = root.querySelectorAll('col');
  const isNameSet = Object.hasOwn(choice.widths, 'name');
  columns.forEach((column, i) => {
    const takesRest = column.key === 'name' && !isNameSet;
    if (cols[i]) cols[i].style.width = takesRest ? '' : `${widthOf(column, choice)}px`;
  });
  const least = columns.reduce((sum, column) => sum + widthOf(column, choice), 0);
  const table = root.querySelector('table');
  if (table) table.style.minWidth = `${least}px`;
}
