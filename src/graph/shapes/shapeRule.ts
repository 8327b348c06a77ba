import { DTYPES } from '../../tensors/dtypes.ts';
import { attributeOf, intOf, intsOf, textOf } from '../../formats/onnx/attributes.ts';
import type { Attribute, Dim, Node } from '../../formats/onnx/model.ts';
import { inferredTensor, type Inferred } from './inferred.ts';
import { fromFront } from '../../tensors/dims.ts';

/** Where a rule finds what is known of the values a node reads. */
export interface Scope {
  inferred(name: string): Inferred | null;
  /**
   * The entries of a small tensor that steers shapes, flat: numbers, symbols or expressions, null where unknown. null
   * when nothing is known.
   */
  numbers(name: string): readonly Dim[] | null;
  /** The number that every element of a tensor is, however large it is; null when they differ or it is not known. */
  uniform(name: string): number | null;
}

/** What a rule may ask about a node. `opset` is the version of the node's own domain. */
export class RuleInput {
  readonly node: Node;
  readonly opset: number;
  private readonly scope: Scope;

  constructor(node: Node, opset: number, scope: Scope) {
    this.node = node;
    this.opset = opset;
    this.scope = scope;
  }

  /** How many outputs are asked for, with those left out before the last. */
  get outputs(): number {
    return this.node.outputs.length;
  }

  /** Whether an input is there: optional ones may be left out. */
  has(index: number): boolean {
    return Boolean(this.node.inputs[index]);
  }

  /** All that is known of an input; null when it is left out or nothing is known. */
  inferred(index: number): Inferred | null {
    const name = this.node.inputs[index];
    return name ? this.scope.inferred(name) : null;
  }

  /** The shape of an input; null where its rank is not known, or it is no tensor. */
  dims(index: number): readonly Dim[] | null {
    const value = this.inferred(index);
    return value?.kind === 'tensor' ? value.dims : null;
  }

  /** The element type of an input; null where it is not known, or it is no tensor. */
  dtype(index: number): number | null {
    const value = this.inferred(index);
    return value?.kind === 'tensor' ? value.dtype : null;
  }

  /** The entries of a small input that steers shapes; a size may be a symbol or an expression. */
  sizes(index: number): readonly Dim[] | null {
    const name = this.node.inputs[index];
    return name ? this.scope.numbers(name) : null;
  }

  /** The same where only numbers help, such as axes and scales: what is not a number is null. */
  integers(index: number): readonly (number | null)[] | null {
    const sizes = this.sizes(index);
    return sizes?.every((size) => typeof size !== 'string')
      ? (sizes as readonly (number | null)[])
      : (sizes?.map((size) => (typeof size === 'number' ? size : null)) ?? null);
  }

  /** The number that every element of an input is, as ConstantOfShape makes it. */
  uniform(index: number): number | null {
    const name = this.node.inputs[index];
    return name ? this.scope.uniform(name) : null;
  }

  /** The attribute as the file has it. */
  attribute(name: string): Attribute | undefined {
    return attributeOf(this.node, name);
  }

  /** An attribute of one integer, or the operator's default. */
  int(name: string, otherwise: number): number {
    return intOf(this.node, name, otherwise);
  }

  /** An attribute that lists integers; null where it is left out. */
  ints(name: string): number[] | null {
    return intsOf(this.node, name);
  }

  /** An attribute that lists numbers; null where it is left out. */
  floats(name: string): readonly number[] | null {
    return this.attribute(name)?.floats ?? null;
  }

  /** An attribute of text, or the operator's default. */
  text(name: string, otherwise: string): string {
    return textOf(this.node, name, otherwise);
  }

  /** How many entries a list attribute has, whatever they are; null when it is not there. */
  count(name: string): number | null {
    const attribute = this.attribute(name);
    return (
      attribute?.ints?.length ??
      attribute?.floats?.length ??
      attribute?.strings?.length ??
      attribute?.tensor?.dims[0] ??
      null
    );
  }
}

/** A shape of which something stays unknown, and why. `reason` ends a sentence that begins "unknown, because". */
export class Unknown {
  readonly reason: string;
  readonly dims: readonly Dim[] | null;

  constructor(reason: string, dims: readonly Dim[] | null = null) {
    this.reason = reason;
    this.dims = dims;
  }
}

/** Says that a steering input's values are missing: `what` names them with their verb, as in "its pads are". */
export function atRunTime(what: string, dims: readonly Dim[] | null = null): Unknown {
  return new Unknown(`${what} only known when the model runs`, dims);
}

/** Ranks beyond this are no tensor's; sizes in a file have no bounds. */
export const MAX_RANK = 64;

/** A shape of which only the rank is known. */
export function openDims(rank: number): null[] {
  return new Array<null>(Math.max(0, rank)).fill(null);
}

export type Shape = readonly Dim[] | Unknown | null;
/**
 * The shapes of a node's outputs, in order; null where an input's shape is missing. Throws RangeError where inputs
 * contradict the operator.
 */
export type ShapeRule = (input: RuleInput) => readonly Shape[];
/** The element type of one output, null where it is not known. */
export type DtypeRule = (input: RuleInput) => number | null;

/**
 * How an operator makes tensors: a shape for each output, and an element type for each; the last type holds for the
 * outputs behind it.
 */
export interface TensorRule {
  readonly shapes: ShapeRule;
  readonly dtypes: readonly DtypeRule[];
}

/** An operator's row in the table. One that makes sequences, optionals or maps gives whole values. */
export type Rule = TensorRule | ((input: RuleInput) => readonly Inferred[]);

/** A rule of an operator that makes tensors: their shapes, and the element type of each output. */
export function tensors(shapes: ShapeRule, ...dtypes: readonly DtypeRule[]): TensorRule {
  return { shapes, dtypes };
}

/** A rule for every operator of a list; names are separated by blanks. */
export function each(operators: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(
    operators
      .trim()
      .split(/\s+/)
      .map((op) => [op, rule]),
  );
}

/** The shape of one input, for every output. */
export const sameAs =
  (index: number): ShapeRule =>
  (i) =>
    new Array<Shape>(i.outputs).fill(i.dims(index));

/** The element type of the first of these inputs that has a known one. */
export const like =
  (...indices: readonly number[]): DtypeRule =>
  (i) => {
    for (const index of indices) {
      const dtype = i.dtype(index);
      if (dtype !== null) return dtype;
    }
    return null;
  };
/** The element type of the first input at all that has a known one. */
export const likeAny: DtypeRule = (i) => {
  for (let index = 0; index < i.node.inputs.length; index++) {
    const dtype = i.dtype(index);
    if (dtype !== null) return dtype;
  }
  return null;
};
/** Always this element type. */
export const fixed =
  (dtype: number): DtypeRule =>
  () =>
    dtype;
/** The element type an attribute names by number. */
export const named =
  (attribute: string, otherwise: DtypeRule): DtypeRule =>
  (i) => {
    const dtype = i.int(attribute, 0);
    if (dtype <= 0) return otherwise(i);
    return DTYPES[dtype] ? dtype : null;
  };

/** Gives all outputs of a node the same rule's values, in the order of its table row. */
export function applyTensors(rule: TensorRule, input: RuleInput): Inferred[] {
  const shapes = rule.shapes(input);
  return input.node.outputs.map((_, o) => inferredOutput(shapes[o] ?? null, dtypeOf(rule, input, o)));
}

/** The element type of an output; null where it is not known, also where the file says 0, which is none. */
export function dtypeOf(rule: TensorRule, input: RuleInput, output: number): number | null {
  return (rule.dtypes[output] ?? rule.dtypes.at(-1))?.(input) || null;
}

function inferredOutput(shape: Shape, dtype: number | null): Inferred {
  return shape instanceof Unknown ? inferredTensor(dtype, shape.dims, shape.reason) : inferredTensor(dtype, shape);
}

/** An axis counted from the front. Throws RangeError for one that the tensor does not have. */
export function axisOf(axis: number, rank: number): number {
  const positive = fromFront(axis, rank);
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank)
    throw new RangeError(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  return positive;
}
