import { dtypeName } from '../../tensors/dtypes.ts';
import type { Dim, Node, ValueInfo } from '../../formats/onnx/model.ts';
import { shownDim } from '../sizes/dims.ts';
import { nodeLabel } from './graphScope.ts';
import { fromDeclared, inferredTensor, unknownValue, type Inferred, type InferredTensor } from './inferred.ts';
import type { Contradiction } from './inferredShapes.ts';
import type { Mark, Place } from './inferring.ts';
import { isBlank } from './join.ts';
import type { Symbols } from './symbols.ts';

/** One output of a node: what its rule found, and what the file declares. */
interface Output {
  readonly name: string;
  readonly found: Inferred;
  readonly info: ValueInfo | undefined;
}

/** A tensor as its rule found it, and as the file declares it. */
interface Said {
  readonly name: string;
  readonly found: InferredTensor;
  readonly said: InferredTensor | null;
}

/** Dims of an output, of which some may be open. */
interface OpenDims {
  /** The output's name. */
  readonly name: string;
  readonly dims: readonly Dim[];
  /** What the file declares. */
  readonly declared: readonly Dim[] | null;
  /** Why a size is open, where a rule says so. */
  readonly reason: string | undefined;
}

/** Settles what a node makes: brings what follows and what the file declares together, and names what neither says. */
export class Settling {
  readonly contradictions: Contradiction[] = [];
  private readonly symbols: Symbols;

  constructor(symbols: Symbols) {
    this.symbols = symbols;
  }

  /** What a declared type says, numbers in the place of bound names. */
  declared(info: ValueInfo): Inferred {
    return info.type
      ? fromDeclared(info.type, (dims) => dims?.map((dim) => this.symbols.declared(dim)) ?? null)
      : unknownValue();
  }

  mark(): Mark {
    return { symbols: this.symbols.mark(), contradictions: this.contradictions.length };
  }

  restore(mark: Mark): void {
    this.symbols.restore(mark.symbols);
    this.contradictions.length = mark.contradictions;
  }

  /** The outputs of a node in order; null for those that the node leaves out. */
  outputs(place: Place, outputs: readonly Inferred[], declared: ReadonlyMap<string, ValueInfo>): (Inferred | null)[] {
    // Dims whose open sizes have got names, so that outputs that share them agree.
    const named = new Map<readonly Dim[], readonly Dim[]>();
    return place.node.outputs.map((name, i) => {
      if (!name) return null;
      return this.output(place, { name, found: outputs[i] ?? unknownValue(), info: declared.get(name) }, named);
    });
  }

  /** Notes what contradicts a node's operator, or its declared types. */
  contradict(
    { node, scope }: Place,
    tensor: string,
    said: Pick<Contradiction, 'message' | 'declared' | 'inferred'>,
  ): void {
    this.contradictions.push({ scope: scope.path, node: node.name, opType: node.opType, tensor, ...said });
  }

  private output(place: Place, { name, found, info }: Output, named: Map<readonly Dim[], readonly Dim[]>): Inferred {
    const said = info?.type ? this.declared(info) : null;
    if (found.kind !== 'tensor') return found;
    if (said && said.kind !== 'tensor') return isBlank(found) ? said : found;
    return this.tensor(place, { name, found, said }, named);
  }

  private tensor(place: Place, { name, found, said }: Said, named: Map<readonly Dim[], readonly Dim[]>): Inferred {
    if (said) this.check(place, name, found, said);
    const dtype = (found.dtype ?? said?.dtype) || null;
    const declared = said?.dims ?? null;
    const dims = found.dims ?? declared;
    if (!dims) return inferredTensor(dtype, null, found.reason ?? 'the shape of one of its inputs is not known');
    const whole = this.allNamed(place.node, { name, dims, declared, reason: found.reason }, named);
    const isAsFound = whole === found.dims && dtype === found.dtype && !found.reason;
    return isAsFound ? found : inferredTensor(dtype, whole);
  }

  /** The dims themselves where no size is open; an open one is what the file declares, or gets a name. */
  private allNamed(
    node: Node,
    { name, dims, declared: said, reason }: OpenDims,
    named: Map<readonly Dim[], readonly Dim[]>,
  ): readonly Dim[] {
    const declared = said?.length === dims.length ? said : null;
    const isOpen = (dim: Dim, axis: number): boolean => {
      if (typeof dim !== 'string') return dim === null;
      return typeof declared?.[axis] === 'number' && this.symbols.reasons.has(dim);
    };
    if (!dims.some(isOpen)) return dims;
    const before = declared ? undefined : named.get(dims);
    if (before) return before;
    const whole = dims.map((dim, axis) =>
      isOpen(dim, axis) ? (declared?.[axis] ?? this.named(node, name, axis, reason)) : dim,
    );
    named.set(dims, whole);
    return whole;
  }

  private named(node: Node, tensor: string, axis: number, reason = 'it is decided while the model runs'): Dim {
    return this.symbols.fresh(
      stemOf(node),
      `size ${axis} of \`${tensor}\`, which ${node.opType} ${nodeLabel(node)} gives: ${reason}`,
    );
  }

  private check(place: Place, tensor: string, found: InferredTensor, said: InferredTensor): void {
    const follows = (declared: string, inferred: string): string =>
      `\`${tensor}\` is declared ${declared}, but follows as ${inferred}`;
    if (found.dims && said.dims && contradicts(found.dims, said.dims)) {
      const message = follows(dimsText(said.dims), dimsText(found.dims));
      this.contradict(place, tensor, { message, declared: said.dims, inferred: found.dims });
    } else if (found.dtype && said.dtype && found.dtype !== said.dtype) {
      this.contradict(place, tensor, { message: follows(dtypeName(said.dtype), dtypeName(found.dtype)) });
    }
  }
}

/** What the names of a node's open sizes begin with. */
function stemOf(node: Node): string {
  return node.opType === 'NonMaxSuppression' ? 'nms' : node.opType.toLowerCase();
}

function contradicts(a: readonly Dim[], b: readonly Dim[]): boolean {
  return (
    a.length !== b.length || a.some((dim, i) => typeof dim === 'number' && typeof b[i] === 'number' && dim !== b[i])
  );
}

function dimsText(dims: readonly Dim[]): string {
  return `[${dims.map((dim) => shownDim(dim) ?? '?').join(', ')}]`;
}
