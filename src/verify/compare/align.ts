import { addTo } from '../../bytes/lists.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { connectionsOf } from '../../graph/connections.ts';
import type { Graph, Node } from '../../formats/onnx/model.ts';
import { matchBeginning, matchBySigns, exactSign, nameSigns, outputSign, type Matching } from './matchNodes.ts';

/** Which things of two graphs stand for each other. */
export interface Alignment {
  /** For each node of the second graph its counterpart's index in the first, or −1. */
  readonly nodes: readonly number[];
  /** Tensors of the second graph that have another name in the first. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Aligns two graphs: by names where somebody gave them, then along the edges from what is aligned already (exporters
 * number tensors and nodes, and one more node shifts all numbers), then by what names are left. Each thing has one
 * counterpart at most; the time is linear in nodes and edges.
 */
export function align(a: Graph, b: Graph): Alignment {
  const flow = new Flow(a, b);
  matchBeginning(flow);
  matchBySigns(flow, [exactSign, ...nameSigns(false)]);
  flow.run();
  flow.seedWeights();
  flow.run();
  flow.seedEnds();
  flow.run();
  matchBySigns(flow, nameSigns(true));
  flow.run();
  matchBySigns(flow, [outputSign]);
  return { nodes: flow.matched, renamed: flow.renamed() };
}

interface Side {
  readonly graph: Graph;
  readonly makers: ReadonlyMap<string, number>;
  /** Readers of a tensor, with the slot they read it in. */
  readonly readers: ReadonlyMap<string, readonly (readonly [node: number, slot: number])[]>;
  readonly stored: ReadonlySet<string>;
}

function sideOf(graph: Graph): Side {
  const readers = new Map<string, [number, number][]>();
  graph.nodes.forEach((node, i) => {
    node.inputs.forEach((input, slot) => {
      if (!input) return;
      addTo(readers, input, [i, slot]);
    });
  });
  return {
    graph,
    makers: connectionsOf(graph.nodes).makerIndex,
    readers,
    stored: new Set([
      ...graph.initializers.map((initializer) => initializer.name),
      ...graph.sparseInitializers.map((sparseInitializer) => sparseInitializer.values.name),
    ]),
  };
}

/** Carries the alignment along edges, both ways. */
class Flow implements Matching {
  readonly a: readonly Node[];
  readonly b: readonly Node[];
  readonly matched: number[];
  readonly used: Uint8Array;
  private readonly one: Side;
  private readonly two: Side;
  /** Tensor pairs met, by their names in the second and in the first graph. */
  private readonly toFirst = new Map<string, string>();
  private readonly toSecond = new Map<string, string>();
  private readonly open: (readonly [string, string])[] = [];
  private readonly fresh: number[] = [];

  constructor(a: Graph, b: Graph) {
    [this.a, this.b] = [a.nodes, b.nodes];
    [this.one, this.two] = [sideOf(a), sideOf(b)];
    this.matched = new Array<number>(b.nodes.length).fill(-1);
    this.used = new Uint8Array(a.nodes.length);
  }

  pair(i: number, j: number): void {
    this.matched[j] = i;
    this.used[i] = 1;
    this.fresh.push(j);
  }

  /** Weights of one name that one node each reads. */
  seedWeights(): void {
    for (const name of this.two.stored) {
      if (
        this.one.stored.has(name) &&
        this.one.readers.get(name)?.length === 1 &&
        this.two.readers.get(name)?.length === 1
      )
        this.tensors(name, name);
    }
  }

  /** Inputs and outputs, by name or else by place. */
  seedEnds(): void {
    for (const [x, y] of [
      [this.one.graph.inputs, this.two.graph.inputs],
      [this.one.graph.outputs, this.two.graph.outputs],
    ] as const) {
      const names = [new Set(x.map((info) => info.name)), new Set(y.map((info) => info.name))] as const;
      y.forEach(({ name }, i) => {
        const other = names[0].has(name) ? name : x[i]?.name;
        if (other === undefined || (other !== name && names[1].has(other))) return;
        if (x === this.one.graph.inputs) this.tensors(other, name);
        else this.upwards(other, name);
      });
    }
  }

  run(): void {
    for (;;) {
      const j = this.fresh.pop();
      if (j !== undefined) this.around(j);
      else {
        const next = this.open.pop();
        if (!next) return;
        this.follow(...next);
      }
    }
  }

  /** Names that are not the same in both graphs. */
  renamed(): Map<string, string> {
    return new Map([...this.toFirst].filter(([second, first]) => second !== first));
  }

  private tensors(first: string, second: string): void {
    if (!first || !second || this.toFirst.has(second) || this.toSecond.has(first)) return;
    const [x, y] = [this.one, this.two];
    if (x.stored.has(first) !== y.stored.has(second) || x.makers.has(first) !== y.makers.has(second)) return;
    // A weight that keeps its name elsewhere was not renamed.
    const keepsName = y.stored.has(first) || x.stored.has(second);
    if (first !== second && x.stored.has(first) && keepsName) return;
    this.toFirst.set(second, first);
    this.toSecond.set(first, second);
    this.open.push([first, second]);
  }

  private around(j: number): void {
    const [x, y] = [this.a[this.matched[j] ?? -1], this.b[j]];
    if (!x || !y) return;
    x.outputs.forEach((name, slot) => this.tensors(name, y.outputs[slot] ?? ''));
    if (kindOf(x) === kindOf(y)) x.inputs.forEach((name, slot) => this.upwards(name, y.inputs[slot] ?? ''));
  }

  /** Tensors in the same place of two paired nodes: weights stand for each other; the nodes that make them may. */
  private upwards(first: string, second: string): void {
    const [i, j] = [this.one.makers.get(first), this.two.makers.get(second)];
    if (i !== undefined && j !== undefined) this.tryPair(i, j);
    else if (this.one.stored.has(first) && this.two.stored.has(second)) this.tensors(first, second);
  }

  private follow(first: string, second: string): void {
    const waiting = new Map<string, number[]>();
    for (const [reader, slot] of this.one.readers.get(first) ?? []) {
      if (this.used[reader]) continue;
      const key = `${slot} ${kindOf(this.a[reader])}`;
      addTo(waiting, key, reader);
    }
    for (const list of waiting.values()) list.reverse();
    for (const [reader, slot] of this.two.readers.get(second) ?? []) {
      const found = this.matched[reader] === -1 ? waiting.get(`${slot} ${kindOf(this.b[reader])}`)?.pop() : undefined;
      if (found !== undefined) this.tryPair(found, reader);
    }
  }

  private tryPair(i: number, j: number): void {
    if (!this.used[i] && this.matched[j] === -1 && kindOf(this.a[i]) === kindOf(this.b[j])) this.pair(i, j);
  }
}

function kindOf(node: Node | undefined): string {
  return node ? operatorKey(node) : '';
}
