import { connectionsOf } from '../graph/connections.ts';
import { nestedGraphs } from '../graph/nested.ts';
import { unambiguous } from '../graph/storedTensors.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { heldByNode } from '../formats/onnx/attributes.ts';
import type { Model, Node, SparseTensor, Tensor, ValueInfo } from '../formats/onnx/model.ts';
import type { TensorContext } from '../formats/onnx/tensors/tensorContext.ts';

/** A model to be checked, and where its bytes come from. */
export interface ModelFile {
  readonly model: Model;
  readonly ctx: TensorContext;
  /** A text that is the same for two locations only if both are the same file; null when that isn't known. */
  readonly identity?: ((location: string) => Promise<string | null>) | undefined;
  /** Says that its bytes are not read any more, where they are held in memory. */
  readonly letGo?: (() => Promise<void>) | undefined;
}

/** Who makes and who reads each tensor of a main graph. */
export interface Wiring {
  readonly file: ModelFile;
  readonly makers: ReadonlyMap<string, Node>;
  /** Without those that share their name, here and in `sparse`. */
  readonly stored: ReadonlyMap<string, Tensor>;
  readonly sparse: ReadonlyMap<string, SparseTensor>;
  /** Inputs a caller must feed; those with a stored default are left out. */
  readonly inputs: ReadonlyMap<string, ValueInfo>;
  readonly outputs: readonly string[];
  readonly order: readonly Node[];
  /** Tensors of the main graph that a node needs, its subgraphs' reads included. Rather too many than too few. */
  reads(node: Node): readonly string[];
}

/** Throws `malformed` where two nodes make the same tensor. */
export function wiring(file: ModelFile): Wiring {
  const { model } = file;
  const { graph } = model;
  const { makers, madeTwice, order } = connectionsOf(graph.nodes);
  if (madeTwice !== null)
    throw new ChannelwiseError(
      'malformed',
      'two-makers',
      `Two nodes make the tensor \`${madeTwice}\`, so the model has no clear meaning.`,
      { tensor: madeTwice },
    );
  const defaults = new Set([
    ...graph.initializers.map((initializer) => initializer.name),
    ...graph.sparseInitializers.map((sparseInitializer) => sparseInitializer.values.name),
  ]);
  const { initializers, sparseInitializers } = unambiguous(graph);
  const stored = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const sparse = new Map(
    sparseInitializers.map((sparseInitializer) => [sparseInitializer.values.name, sparseInitializer]),
  );
  const inputs = new Map(graph.inputs.filter((input) => !defaults.has(input.name)).map((i) => [i.name, i]));
  const here = (name: string): boolean => makers.has(name) || defaults.has(name) || inputs.has(name);
  const known = new Map<Node, readonly string[]>();
  return {
    file,
    makers,
    stored,
    sparse,
    inputs,
    outputs: graph.outputs.map((output) => output.name),
    order,
    reads(node) {
      const found = known.get(node) ?? [
        ...new Set([...node.inputs.filter(Boolean), ...nestedReads(node).filter(here)]),
      ];
      known.set(node, found);
      return found;
    },
  };
}

function nestedReads(node: Node): string[] {
  return nestedGraphs(node)
    .flatMap((nestedGraph) => [
      ...nestedGraph.nodes.flatMap((n) => n.inputs),
      ...nestedGraph.outputs.map((output) => output.name),
    ])
    .filter(Boolean);
}

/** Every stored tensor inside a node: attributes, and whatever its subgraphs hold. */
export function heldTensors(node: Node): Tensor[] {
  const graphs = nestedGraphs(node);
  const nodes = [node, ...graphs.flatMap((graph) => graph.nodes)];
  const initializers = graphs.flatMap((graph) => [...graph.initializers, ...graph.sparseInitializers]);
  return [...nodes.flatMap(heldByNode), ...initializers].flatMap((held) =>
    'indices' in held ? [held.values, held.indices] : [held],
  );
}

/** The nodes that the given tensors need, in file order. */
export function ancestors(w: Wiring, targets: readonly string[]): Node[] {
  const found = new Set<Node>();
  const open = [...targets];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = w.makers.get(name);
    if (!node || found.has(node)) continue;
    found.add(node);
    for (const read of w.reads(node)) open.push(read);
  }
  return w.file.model.graph.nodes.filter((node) => found.has(node));
}

/** Tensors that follow from the given ones, which are among them. The walk goes no further than `end`. */
export function descendants(w: Wiring, names: Iterable<string>, end: ReadonlySet<string> = new Set()): Set<string> {
  const found = new Set(names);
  for (const node of w.order) {
    if (!w.reads(node).some((name) => found.has(name))) continue;
    for (const output of node.outputs) if (output && !end.has(output)) found.add(output);
  }
  return found;
}
