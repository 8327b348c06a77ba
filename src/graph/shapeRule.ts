import type { Attribute, Dim, Node } from '../onnx/model.ts';

/** What a shape rule may ask about a node. Dims are a number, a symbol or expression, or null; a shape is null when its rank is unknown. */
export class RuleInput {
  readonly node: Node;
  readonly opset: number;
  private readonly dimsOf: (name: string) => readonly Dim[] | null;
  private readonly integersOf: (name: string) => readonly (number | null)[] | null;

  constructor(node: Node, opset: number, dimsOf: RuleInput['dimsOf'], integersOf: RuleInput['integersOf']) {
    this.node = node;
    this.opset = opset;
    this.dimsOf = dimsOf;
    this.integersOf = integersOf;
  }

  has(index: number): boolean {
    return Boolean(this.node.inputs[index]);
  }

  dims(index: number): readonly Dim[] | null {
    const name = this.node.inputs[index];
    return name ? this.dimsOf(name) : null;
  }

  /** The whole numbers of a small input that steers shapes. */
  integers(index: number): readonly (number | null)[] | null {
    const name = this.node.inputs[index];
    return name ? this.integersOf(name) : null;
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.find((a) => a.name === name);
  }

  int(name: string, otherwise: number): number {
    const value = this.attribute(name)?.int;
    return value === undefined ? otherwise : Number(value);
  }

  ints(name: string): number[] | null {
    return this.attribute(name)?.ints?.map(Number) ?? null;
  }

  text(name: string, otherwise: string): string {
    const value = this.attribute(name)?.string;
    return value ? new TextDecoder().decode(value) : otherwise;
  }
}

/** The shapes of a node's outputs, in order; null where a rule can't tell. Throws RangeError where inputs contradict the operator. */
export type ShapeRule = (input: RuleInput) => (readonly Dim[] | null)[];

export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank) throw new RangeError(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  return positive;
}
