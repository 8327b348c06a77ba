import type { Attribute, Node, SparseTensor, Tensor } from './model.ts';

type Attributed = Pick<Node, 'attributes'>;

/** A node's attribute of this name; the first where a file has several. */
export function attributeOf({ attributes }: Attributed, name: string): Attribute | undefined {
  return attributes.find((attribute) => attribute.name === name);
}

/** The integer that an attribute holds; beyond 2^53 it is rounded. */
export function intOf(node: Attributed, name: string, otherwise: number): number {
  const value = attributeOf(node, name)?.int;
  return value === undefined ? otherwise : Number(value);
}

/** The integers that an attribute holds; null where the node has none. Beyond 2^53 they are rounded. */
export function intsOf(node: Attributed, name: string): number[] | null {
  return attributeOf(node, name)?.ints?.map(Number) ?? null;
}

/** The float32 that an attribute holds. */
export function floatOf(node: Attributed, name: string, otherwise: number): number {
  return attributeOf(node, name)?.float ?? otherwise;
}

/** The text that an attribute holds in UTF-8; an empty one is as good as none. */
export function textOf(node: Attributed, name: string, otherwise: string): string {
  const value = attributeOf(node, name)?.string;
  return value ? new TextDecoder().decode(value) : otherwise;
}

/** Whether a node is the standard's Constant; another domain's operator of that name may do anything. */
export function isConstant({ opType, domain }: Pick<Node, 'opType' | 'domain'>): boolean {
  return opType === 'Constant' && domain === '';
}

/** The tensor that a Constant holds; undefined for other nodes, and where its value is not a dense tensor. */
export function constantTensor(node: Node): Tensor | undefined {
  return isConstant(node) ? attributeOf(node, 'value')?.tensor : undefined;
}

/** The tensors that a node's attributes hold, those of graphs inside it left out. */
export function heldByNode({ attributes }: Attributed): (Tensor | SparseTensor)[] {
  return attributes.flatMap(({ tensor, tensors = [], sparseTensor }) =>
    [tensor, ...tensors, sparseTensor].filter((held) => held !== undefined),
  );
}
