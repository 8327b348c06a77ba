import type { DimText, PageEdge, PageModel, PageNode } from '../protocol/messages.ts';
import { nodeLook } from './nodeDetail.ts';

interface Turned {
  /** Tensors whose channels stand second, where Keras has them last. */
  readonly moved: ReadonlySet<string>;
  /** Nodes that only turn axes or rename, by number, with what they read. */
  readonly hidden: ReadonlyMap<number, string>;
  /** What stands for the tensors that hidden nodes make. */
  readonly shownAs: ReadonlyMap<string, string>;
}

/**
 * A Keras network as Keras has it. Its graph is presented in ONNX's terms, channels second, with Transposes where the
 * order changes: `turned` has what those make. They are hidden, and shapes and axes are those of Keras.
 */
export function inKerasOrder(page: PageModel, turned: ReadonlySet<string>): PageModel {
  const found = turnedTensors(page, turned);
  const { hidden } = found;
  const sources = new Map<number, PageEdge>();
  for (const edge of page.edges) if (hidden.has(edge.to)) sources.set(edge.to, edge);
  const makerOf = (from: number): number => {
    let maker = from;
    for (let edge = sources.get(maker); edge; edge = sources.get(maker)) maker = edge.from;
    return maker;
  };
  const shape = (tensor: string, dims: DimText[] | null): DimText[] | null =>
    dims && found.moved.has(tensor) ? channelsLast(dims) : dims;
  const named = (tensor: string): string => found.shownAs.get(tensor) ?? tensor;
  return {
    ...page,
    nodes: page.nodes.map((node) => (hidden.has(node.id) ? { ...node, kind: 'constant' } : asInKeras(node, found))),
    edges: page.edges
      .filter(({ to }) => !hidden.has(to))
      .map(({ from, to, tensor, dims }) => ({
        from: makerOf(from),
        to,
        tensor: named(tensor),
        dims: shape(tensor, dims),
      })),
    outputEdges: page.outputEdges.map((edge) => ({ ...edge, from: makerOf(edge.from) })),
  };
}

/** Nodes come in the order in which they run, as they were presented. */
function turnedTensors({ nodes, outputs }: PageModel, turned: ReadonlySet<string>): Turned {
  const given = new Set(outputs.map(({ name }) => name));
  const moved = new Set<string>();
  const hidden = new Map<number, string>();
  const shownAs = new Map<string, string>();
  for (const node of nodes) {
    const [source] = node.inputs;
    const output = node.outputs[0]?.name ?? '';
    const isTurn = turned.has(output) || (given.has(output) && node.opType === 'Transpose');
    if (source && (isTurn || given.has(output))) {
      hidden.set(node.id, source.name);
      shownAs.set(output, shownAs.get(source.name) ?? source.name);
      if (moved.has(source.name) !== isTurn) moved.add(output);
    } else if (node.inputs.some(({ name }) => moved.has(name))) markMoved(node, moved);
  }
  return { moved, hidden, shownAs };
}

/** What a node makes has the order of what it reads, as far as it keeps the rank. */
function markMoved({ inputs, outputs }: PageNode, moved: Set<string>): void {
  const rank = inputs.find(({ name }) => moved.has(name))?.dims?.length;
  for (const { name, dims } of outputs) if (dims === null || dims.length === rank) moved.add(name);
}

function channelsLast([batch = '', channels = '', ...spatial]: DimText[]): DimText[] {
  return [batch, ...spatial, channels];
}

function asInKeras(node: PageNode, { moved, shownAs }: Turned): PageNode {
  const isMoved = node.outputs.some(({ name }) => moved.has(name));
  const turn = <T extends { name: string; dims: DimText[] | null }>(value: T): T =>
    value.dims && moved.has(value.name) ? { ...value, dims: channelsLast(value.dims) } : value;
  const inputs = node.inputs.map((input) => ({ ...turn(input), name: shownAs.get(input.name) ?? input.name }));
  const rank = node.outputs[0]?.dims?.length ?? 0;
  const attributes = isMoved ? node.attributes.map((attribute) => axisInKeras(attribute, rank)) : node.attributes;
  const { detail } = nodeLook({ ...node, attributes });
  const saysAxis = node.detail.startsWith('axis = ');
  return {
    ...node,
    inputs,
    attributes,
    outputs: node.outputs.map(turn),
    detail: saysAxis ? detail : node.detail,
  };
}

function axisInKeras(attribute: PageNode['attributes'][number], rank: number): PageNode['attributes'][number] {
  const axis = Number(attribute.value);
  if (attribute.name !== 'axis' || rank < 3 || axis < 1 || axis >= rank) return attribute;
  return { ...attribute, value: String(axis === 1 ? rank - 1 : axis - 1) };
}
