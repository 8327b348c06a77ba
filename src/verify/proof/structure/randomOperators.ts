import type { Node } from '../../../formats/onnx/model.ts';
import { nestedGraphs } from '../../../graph/nested.ts';

/** Operators that give other numbers at each run. */
const RANDOM_OPERATORS = /^(Random(Normal|Uniform)(Like)?|Multinomial|Bernoulli)$/;

/** True for an operator that gives other numbers at each run. */
export function drawsNumbers({ opType }: Pick<Node, 'opType'>): boolean {
  return RANDOM_OPERATORS.test(opType);
}

/** The first of these nodes, or inside them, that draws numbers. */
export function randomNode(nodes: readonly Node[]): Node | undefined {
  return nodes.flatMap((node) => [node, ...nestedGraphs(node).flatMap((graph) => graph.nodes)]).find(drawsNumbers);
}
