import type { DimText, PageModel, PageNode, PageValue } from '../../protocol/pageModel.ts';

/** Names of sizes up to this length stand as they are; four of them still fit on a line of the graph. */
const LONGEST_NAME = 12;
/** Names inside sizes that are computed, such as `⌊(model.height+1)/2⌋`. */
const NAMES = /[A-Za-z_][\w.:/]*/g;

/** Which long name a short one stands for. */
type SizeKey = NonNullable<PageModel['sizeKey']>;

/**
 * The model with short names for long sizes, the same ones wherever it is shown, and a key to them. Names of sizes that
 * numbers are given for stay whole.
 */
export function withShortSizes(page: PageModel): PageModel {
  const names = new ShortNames([...page.inputs, ...page.outputs]);
  const value = (each: PageValue): PageValue => ({ ...each, dims: names.all(each.dims) });
  const node = (each: PageNode): PageNode => ({
    ...each,
    inputs: each.inputs.map((input) => (input.weight ? input : { ...input, dims: names.all(input.dims) })),
    outputs: each.outputs.map((output) => ({ ...output, dims: names.all(output.dims) })),
  });
  const edge = <E extends { dims: DimText[] | null }>(each: E): E => ({ ...each, dims: names.all(each.dims) });
  const { inner } = page;
  const short: PageModel = {
    ...page,
    inputs: page.inputs.map(value),
    outputs: page.outputs.map(value),
    nodes: page.nodes.map(node),
    edges: page.edges.map(edge),
    outputEdges: page.outputEdges.map(edge),
  };
  if (inner)
    short.inner = {
      ...inner,
      graphs: inner.graphs.map((graph) => ({ ...graph, inputs: graph.inputs.map(value) })),
      nodes: inner.nodes.map(node),
      edges: inner.edges.map(edge),
    };
  // Most models have no long names, and stay the very same.
  return names.key.length > 0 ? { ...short, sizeKey: names.key } : page;
}

class ShortNames {
  readonly key: SizeKey = [];
  readonly #short = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** Shapes that were seen, so that what was one list stays one. */
  readonly #lists = new Map<DimText[], DimText[]>();

  /** Names of a model's inputs and outputs come first, and keep what they are called where that is short. */
  constructor(values: readonly PageValue[]) {
    for (const { dims } of values) this.all(dims);
  }

  all(dims: DimText[] | null): DimText[] | null {
    if (dims === null) return null;
    const known = this.#lists.get(dims);
    if (known) return known;
    const short = dims.map((dim) => dim.replace(NAMES, (name) => this.#of(name)));
    const same = short.every((dim, i) => dim === dims[i]);
    this.#lists.set(dims, same ? dims : short);
    return same ? dims : short;
  }

  #of(name: string): string {
    const known = this.#short.get(name);
    if (known !== undefined) return known;
    const short = name.length <= LONGEST_NAME ? name : this.#free(shortened(name));
    this.#short.set(name, short);
    this.#taken.add(short);
    if (short !== name) this.key.push({ short, name });
    return short;
  }

  /** The name itself, or with the first number that makes it another than all before. */
  #free(wanted: string): string {
    let free = wanted;
    for (let i = 2; this.#taken.has(free); i++) free = `${wanted}_${i}`;
    return free;
  }
}

/** `p2o.DynamicDimension.0` as d0, `model/height` as height, `past_sequence_length` as psl. */
function shortened(name: string): string {
  const last = /[A-Za-z0-9_]+$/.exec(name)?.[0] ?? '';
  if (/^\d+$/.test(last)) return `d${last}`;
  if (last !== '' && last.length <= LONGEST_NAME) return last;
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const initials = words.map((word) => word.charAt(0)).join('');
  return words.length > 1 ? initials.slice(0, LONGEST_NAME).toLowerCase() : name.slice(0, LONGEST_NAME - 1);
}
