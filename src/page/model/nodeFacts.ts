import type { PageNode } from '../../protocol/pageModel.ts';

/** The parts of a node that its box is described from. */
export type Described = Pick<PageNode, 'opType' | 'attributes' | 'inputs'>;

type Input = PageNode['inputs'][number];
type Counts = (formal: string, input: Input, index: number) => boolean;

/** The standard's name of the i-th input; '' where there is none. */
export type FormalName = (index: number) => string;

/** How a node is read. */
export interface Reading {
  readonly formal?: FormalName;
  /** The number by which the page shows an axis, where that is not the graph's. */
  readonly shownAxis?: (axis: number) => number;
}

const SHOWN_DIGITS = 4;

/** What a node's attributes and small constants say, by the standard's names. All values are the page's texts. */
export class NodeFacts {
  readonly node: Described;
  readonly #formal: FormalName;
  readonly #shownAxis: ((axis: number) => number) | undefined;

  constructor(node: Described, { formal = () => '', shownAxis }: Reading = {}) {
    this.node = node;
    this.#formal = formal;
    this.#shownAxis = shownAxis;
  }

  /** Whether the page shows the axes in another order than the graph has. */
  get isTurned(): boolean {
    return this.#shownAxis !== undefined;
  }

  /** An attribute as a short text; '' where it is absent. */
  attribute(name: string): string {
    const text = this.node.attributes.find((attribute) => attribute.name === name)?.value ?? '';
    return shortNumber(text);
  }

  /** The entries of an attribute that is a list; empty for others. */
  list(name: string): string[] {
    return entries(this.attribute(name));
  }

  /** An input that is a small constant, by its formal name; undefined where it is absent or computed. */
  constant(name: string): string | undefined {
    return this.node.inputs.find((_, index) => this.#formal(index) === name)?.value;
  }

  /** Whether an input of that name is given, computed or not. */
  reads(name: string): boolean {
    return this.node.inputs.some((input, index) => this.#formal(index) === name && input.name !== '');
  }

  /** The entries of a constant input, else of the attribute that earlier versions have; null where neither is known. */
  settled(name: string): string[] | null {
    const value = this.constant(name);
    if (value !== undefined) return entries(value);
    return this.attribute(name) === '' ? null : this.list(name);
  }

  /** Small constants with the names of the inputs that take them. */
  namedConstants(): { name: string; value: string }[] {
    return this.node.inputs.flatMap(({ value, name }, index) =>
      value === undefined ? [] : [{ name: this.#formal(index) || name, value }],
    );
  }

  /** The largest stored input for which `counts` holds, by its formal name. */
  largestStored(counts: Counts = () => true): Input['weight'] {
    let largest: Input['weight'] = null;
    let most = -1;
    this.node.inputs.forEach((input, index) => {
      if (!input.weight || !counts(this.#formal(index), input, index)) return;
      const size = input.weight.dims.reduce((product, dim) => product * dim, 1);
      if (size > most) [most, largest] = [size, input.weight];
    });
    return largest;
  }

  /** An axis as the page numbers it. Negative ones count from the end, and stay so. */
  axis(axis: string): string {
    const number = Number(axis);
    return this.#shownAxis && Number.isInteger(number) && number >= 0 ? String(this.#shownAxis(number)) : axis;
  }
}

/** `[7, 7]` as 7 and 7; a single value as itself; empty for ''. */
export function entries(text: string): string[] {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return inner === '' ? [] : inner.split(', ').map(shortNumber);
}

/** Floats have more digits in a file than anyone wrote. */
function shortNumber(text: string): string {
  return /^-?\d*\.\d{5,}(e[-+]?\d+)?$/.test(text) ? String(Number(Number(text).toPrecision(SHOWN_DIGITS))) : text;
}
