import type { Dim, Model, ValueInfo, ValueType } from '../../formats/onnx/model.ts';
import { symbolDim } from '../sizes/dims.ts';
import { allGraphs } from '../nested.ts';

/** Gives names to sizes that follow from nothing, and numbers to names that are bound. */
export class Symbols {
  /**
   * Sizes the model's file leaves open or its data decides, by name, with the reason; each ends a sentence "it is …".
   */
  readonly reasons = new Map<string, string>();
  /** The names of the inputs' sizes, bound or not. */
  readonly sizes = new Set<string>();
  private readonly taken = new Set<string>();
  private readonly counts = new Map<string, number>();
  private readonly bind: ReadonlyMap<string, number>;
  /** Bound names of ours that came up. */
  private readonly met = new Set<string>();

  constructor(model: Model, bind: Readonly<Record<string, number>>) {
    this.bind = new Map(Object.entries(bind).filter(([, size]) => Number.isSafeInteger(size) && size >= 0));
    for (const graph of allGraphs(model)) {
      for (const list of [graph.inputs, graph.outputs, graph.valueInfo])
        for (const info of list)
          for (const declaredDim of declaredDims(info))
            if (typeof declaredDim === 'string') this.taken.add(declaredDim);
    }
  }

  /** A declared dim: its number where the name is bound. */
  declared(dim: Dim): Dim {
    return typeof dim === 'string' ? (this.bind.get(dim) ?? symbolDim(dim)) : dim;
  }

  /** A name of its own for a size that is not known: `nonzero_1`. A number where that name is bound. */
  fresh(stem: string, reason: string): Dim {
    const plain = stem.replace(/[^\p{L}\p{N}_.]+/gu, '_');
    let name = '';
    do {
      const n = (this.counts.get(plain) ?? 0) + 1;
      this.counts.set(plain, n);
      name = `${plain}_${n}`;
    } while (this.taken.has(name));
    return this.given(name, reason);
  }

  /** An input's dims, with names for those that the file leaves open. */
  input(name: string, dims: readonly Dim[]): readonly Dim[] {
    return dims.map((dim, axis) => {
      const known = this.declared(dim);
      if (typeof dim === 'string' && symbolDim(dim) !== null) this.sizes.add(dim);
      return known ?? this.open(name, axis);
    });
  }

  /** The name of an input's size that the file leaves open: `image_0` for its first axis. */
  private open(input: string, axis: number): Dim {
    const name = `${input.replace(/[^\p{L}\p{N}_.]+/gu, '_')}_${axis}`;
    const reason = `size ${axis} of input \`${input}\`, which the file leaves open`;
    if (this.taken.has(name)) return this.fresh(name, reason);
    this.taken.add(name);
    this.sizes.add(name);
    return this.given(name, reason);
  }

  private given(name: string, reason: string): Dim {
    const bound = this.bind.get(name);
    if (bound !== undefined) {
      this.met.add(name);
      return bound;
    }
    this.reasons.set(name, reason);
    return symbolDim(name);
  }

  /** Bound names that no size has. */
  get unused(): string[] {
    return [...this.bind.keys()].filter((name) => !this.taken.has(name) && !this.met.has(name));
  }

  /** How many names were given so far. */
  get count(): number {
    return this.reasons.size;
  }

  /** What `restore` goes back to. */
  mark(): SymbolMark {
    return { given: this.reasons.size, counts: new Map(this.counts) };
  }

  /** Takes back the names given since a mark: what they named is inferred once more. */
  restore(mark: SymbolMark): void {
    for (const name of [...this.reasons.keys()].slice(mark.given)) this.reasons.delete(name);
    this.counts.clear();
    for (const [stem, n] of mark.counts) this.counts.set(stem, n);
  }
}

export interface SymbolMark {
  readonly given: number;
  readonly counts: ReadonlyMap<string, number>;
}

function declaredDims(value: ValueInfo): readonly Dim[] {
  let type: ValueType | undefined = value.type ?? undefined;
  while (type?.kind === 'other') type = type.element;
  return type?.dims ?? [];
}
