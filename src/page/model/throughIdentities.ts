import type { FunctionDef, Graph } from '../../formats/onnx/model.ts';

/** What makes and gives out tensors: a graph or a function's body. */
export type NamedNodes = Pick<Graph | FunctionDef, 'nodes' | 'outputs'>;

/**
 * Gives what Identity nodes hand on of a stored tensor the entry of that tensor, along whole chains: exporters put them
 * between a weight that several layers share and each of these. What the graph gives out stays a node of its own.
 */
export function throughIdentities<T>({ nodes, outputs }: NamedNodes, stored: Map<string, T>): void {
  const given = new Set(outputs.map((output) => (typeof output === 'string' ? output : output.name)));
  const sources = new Map<string, string>();
  for (const { opType, domain, inputs, outputs: made } of nodes) {
    const [from, to] = [inputs[0], made[0]];
    if (opType === 'Identity' && domain === '' && from && to && !given.has(to) && !stored.has(to))
      sources.set(to, from);
  }
  for (const end of [...sources.keys()]) {
    const chain: string[] = [];
    let name = end;
    for (let from = sources.get(name); from !== undefined; from = sources.get(name)) {
      sources.delete(name);
      chain.push(name);
      name = from;
    }
    const found = stored.get(name);
    if (found !== undefined) for (const alias of chain) stored.set(alias, found);
  }
}
