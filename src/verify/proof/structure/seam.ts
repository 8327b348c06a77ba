import { nestedGraphs } from '../../../graph/nested.ts';
import type { Model, Node, ValueInfo } from '../../../formats/onnx/model.ts';
import { ByteComparer, type KnownCopies } from '../../sameBytes.ts';
import { quoted } from '../../names.ts';
import type { Wiring } from '../../wiring.ts';

/** Where two models are the same again, and what of them was compared. */
export interface Seam {
  /** Tensors whose equality has to be measured: once they are equal, all outputs are. */
  readonly measured: readonly string[];
  /** Of those, the ones that come out of the same node in both models. */
  readonly sameMaker: ReadonlySet<string>;
  /** Nodes behind the seam, the same bytes in both models, with every weight they read. */
  readonly identicalNodes: number;
  /** Outputs that can't be equal: one model lacks them, or they are a changed input or weight. Sentences. */
  readonly broken: readonly string[];
}

/**
 * Walks back from all outputs of the adapted model. A node that is the same bytes in both models, reads the same names,
 * and whose stored inputs are the same bytes, gives equal outputs for equal inputs; so the walk goes on to its inputs.
 * Everywhere else it stops, and the tensor there has to be measured. Nothing the file says about itself is trusted.
 */
export class SeamFinder {
  readonly bytes: ByteComparer;
  private readonly a: Wiring;
  private readonly b: Wiring;
  private readonly sameFrame: Promise<boolean>;
  private readonly identical = new Map<Node, boolean>();
  private readonly sameStored = new Map<string, boolean>();

  constructor(a: Wiring, b: Wiring, copies: KnownCopies | null = null) {
    this.a = a;
    this.b = b;
    this.bytes = new ByteComparer(a.file, b.file, copies);
    this.sameFrame = this.compareFrames(a.file.model, b.file.model);
  }

  /** `unequal` are tensors known to differ: the adapted inputs, and what was measured and found to differ. */
  async find(unequal: ReadonlySet<string>): Promise<Seam> {
    const measured = new Set<string>();
    const sameMaker = new Set<string>();
    const behind = new Set<Node>();
    const broken = this.missingOutputs();
    const seen = new Set<string>();
    const outputs = new Set(this.a.outputs);
    const open = this.b.outputs.filter((name) => outputs.has(name));
    for (const name of open) {
      if (this.b.makers.has(name)) continue;
      if (unequal.has(name) || !(await this.given(name)))
        broken.push(`Output \`${quoted(name)}\` is no longer what it was.`);
    }
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const node = this.b.makers.get(name);
      if (!node) continue;
      const same = await this.sameNode(name, node);
      const reads = this.b.reads(node);
      if (same && reads.every((read) => !unequal.has(read)) && (await this.allGiven(reads))) {
        behind.add(node);
        for (const read of reads) open.push(read);
        continue;
      }
      measured.add(name);
      if (same) sameMaker.add(name);
    }
    const order = new Map(this.b.order.map((node, i) => [node, i]));
    const at = (name: string): number => order.get(this.b.makers.get(name) as Node) ?? 0;
    for (const name of measured)
      if (!this.a.makers.has(name)) broken.push(`The original has no tensor \`${quoted(name)}\` to compare with.`);
    return { measured: [...measured].sort((x, y) => at(x) - at(y)), sameMaker, identicalNodes: behind.size, broken };
  }

  /** Nodes of the adapted model with subgraphs that are not the original's: a run shows only the branches it takes. */
  async changedBranches(nodes: readonly Node[]): Promise<Node[]> {
    const found: Node[] = [];
    for (const node of nodes)
      if (nestedGraphs(node).length && !(await this.sameNode(node.outputs.find(Boolean) ?? '', node))) found.push(node);
    return found;
  }

  /**
   * True where a node of the adapted model is the same bytes as the node of the original that makes the same tensor.
   */
  private async sameNode(output: string, node: Node): Promise<boolean> {
    const known = this.identical.get(node);
    if (known !== undefined) return known;
    const other = this.a.makers.get(output);
    const same = other !== undefined && (await this.sameFrame) && (await this.bytes.sameNode(other, node));
    this.identical.set(node, same);
    return same;
  }

  private async allGiven(names: readonly string[]): Promise<boolean> {
    for (const name of names) if (!this.b.makers.has(name) && !(await this.given(name))) return false;
    return true;
  }

  /** A tensor that no node makes: the same weight in both models, or an input of both. */
  private async given(name: string): Promise<boolean> {
    const known = this.sameStored.get(name);
    if (known !== undefined) return known;
    const same = await this.compareGiven(name);
    this.sameStored.set(name, same);
    return same;
  }

  private async compareGiven(name: string): Promise<boolean> {
    if (this.a.makers.has(name)) return false;
    const stored = this.a.stored.get(name);
    if (stored) return this.bytes.sameTensor(stored, this.b.stored.get(name));
    const sparse = [this.a.sparse.get(name), this.b.sparse.get(name)] as const;
    if (sparse[0] && sparse[1]) {
      const beside = [sparse[0].values, sparse[0].indices].some((tensor) => tensor.storage.kind === 'external');
      return !beside && this.bytes.sameMessage(sparse[0].ref, sparse[1].ref);
    }
    return sameType(this.a.inputs.get(name), this.b.inputs.get(name));
  }

  private missingOutputs(): string[] {
    const [before, after] = [this.a.outputs, this.b.outputs];
    const [known, kept] = [new Set(before), new Set(after)];
    const added = after.filter((name) => !known.has(name));
    const lost = before.filter((name) => !kept.has(name));
    // Many programs take outputs by their place.
    const isMoved = before.length !== after.length || before.some((name, i) => name !== after[i]);
    return [
      ...added.map((name) => `The original has no output \`${quoted(name)}\`.`),
      ...lost.map((name) => `The adapted model has no output \`${quoted(name)}\`.`),
      ...(isMoved ? ['The outputs stand in another order.'] : []),
    ];
  }

  /** A node means the same only under the same operator versions and functions. */
  private async compareFrames(a: Model, b: Model): Promise<boolean> {
    const versions = (model: Model): string =>
      model.opsets
        .map((opset) => `${opset.domain}:${opset.version}`)
        .sort()
        .join();
    return versions(a) === versions(b) && this.bytes.sameFunctions(a, b);
  }
}

/** Inputs of one type, and of the same sizes as far as both models fix them. */
function sameType(a: ValueInfo | undefined, b: ValueInfo | undefined): boolean {
  if (!a || !b) return false;
  const [x, y] = [a.type, b.type];
  if (x?.kind !== 'tensor' || y?.kind !== 'tensor') return x?.kind === y?.kind;
  const { dims } = y;
  if (x.dtype !== y.dtype || !x.dims || !dims) return x.dtype === y.dtype;
  return (
    x.dims.length === dims.length &&
    x.dims.every((dim, i) => dim === dims[i] || typeof dim !== 'number' || typeof dims[i] !== 'number')
  );
}
