import type { DimText, PageEdge, PageModel, PageNode } from '../../protocol/pageModel.ts';
import { nodeLook } from './nodeDetail.ts';
import type { FormalName } from './nodeFacts.ts';

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
  const formal = formalNames(page);
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
    nodes: page.nodes.map((node) =>
      hidden.has(node.id) ? { ...node, kind: 'constant' } : asInKeras(node, found, formal),
    ),
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

function asInKeras(node: PageNode, { moved, shownAs }: Turned, formal: (node: PageNode) => FormalName): PageNode {
  const isMoved = node.outputs.some(({ name }) => moved.has(name));
  const turn = <T extends { name: string; dims: DimText[] | null }>(value: T): T =>
    value.dims && moved.has(value.name) ? { ...value, dims: channelsLast(value.dims) } : value;
  const inputs = node.inputs.map((input) => ({ ...turn(input), name: shownAs.get(input.name) ?? input.name }));
  const rank = node.outputs[0]?.dims?.length ?? 0;
  const shownAxis = (axis: number): number => axisInKeras(axis, rank);
  const { detail } = isMoved ? nodeLook(node, { formal: formal(node), shownAxis }) : node;
  const attributes = isMoved ? node.attributes.map((attribute) => inShownOrder(attribute, shownAxis)) : node.attributes;
  return {
    ...node,
    inputs,
    attributes,
    outputs: node.outputs.map(turn),
    detail,
  };
}

function inShownOrder(
  attribute: PageNode['attributes'][number],
  shownAxis: (axis: number) => number,
): PageNode['attributes'][number] {
  if (attribute.name !== 'axis') return attribute;
  return { ...attribute, value: String(shownAxis(Number(attribute.value))) };
}

/** Channels stand last, and what follows them in the graph one before. */
function axisInKeras(axis: number, rank: number): number {
  if (rank < 3 || axis < 1 || axis >= rank) return axis;
  return axis === 1 ? rank - 1 : axis - 1;
}

/** The standard's names of a node's inputs, as the page has them. */
function formalNames({ operators }: PageModel): (node: PageNode) => FormalName {
  const known = new Map(
    (operators ?? []).map((operator) => [`${operator.domain}:${operator.opType}`, operator.inputs]),
  );
  return ({ domain, opType }) => {
    const inputs = known.get(`${domain}:${opType}`);
    return (index) => inputs?.[index]?.name ?? '';
  };
}
