import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Graph } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../connections.ts';

/**
 * A tensor that lives for a while: its bytes (NaN where they are not known) and the place of the last node that reads
 * it, NEVER when none does.
 */
interface Living {
  readonly size: number;
  last: number;
  alive: boolean;
}

const NEVER = -1;

/**
 * The most bytes alive at once while the nodes of a graph run in order: a tensor lives from the node that makes it (an
 * input from the start) to the last that reads it (an output to the end). NaN where a size is not known. Stored tensors
 * and Constants are not among them.
 */
export function peakBytes(
  graph: Graph,
  stored: ReadonlyMap<string, unknown>,
  bytes: (name: string) => number | null,
): number {
  const { order, capturedBy } = connectionsOf(graph.nodes);
  const computing = order.map((node) => ({
    reads: [...node.inputs, ...(capturedBy.get(node) ?? [])],
    makes: isConstant(node) ? [] : node.outputs,
  }));
  const values = new Map<string, Living>();
  for (const name of [...graph.inputs.map((input) => input.name), ...computing.flatMap((node) => node.makes)])
    if (name && !values.has(name) && !stored.has(name))
      values.set(name, { size: bytes(name) ?? NaN, last: NEVER, alive: false });
  const outputs = { reads: graph.outputs.map((output) => output.name) };
  for (const [place, { reads }] of [...computing, outputs].entries()) {
    for (const name of reads) {
      const value = values.get(name);
      if (value) value.last = place;
    }
  }
  const memory = new Memory(values);
  for (const { name } of graph.inputs) memory.begin(name);
  for (const [place, { reads, makes }] of computing.entries()) {
    for (const name of makes) memory.begin(name);
    for (const name of reads) if (values.get(name)?.last === place) memory.end(name);
    for (const name of makes) if (values.get(name)?.last === NEVER) memory.end(name);
  }
  return memory.most;
}

/** What is alive now, and the most there was. */
class Memory {
  private readonly values: ReadonlyMap<string, Living>;
  private now = 0;
  private highest = 0;

  constructor(values: ReadonlyMap<string, Living>) {
    this.values = values;
  }

  /** NaN once a tensor of unknown size was among them. */
  get most(): number {
    return Number.isNaN(this.now) ? NaN : this.highest;
  }

  begin(name: string): void {
    this.change(name, true);
    if (this.now > this.highest) this.highest = this.now;
  }

  end(name: string): void {
    this.change(name, false);
  }

  private change(name: string, alive: boolean): void {
    const value = this.values.get(name);
    if (!value || value.alive === alive) return;
    value.alive = alive;
    this.now += alive ? value.size : -value.size;
  }
}
