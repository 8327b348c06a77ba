import type { Graph } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../../graph/connections.ts';
import type { ModelCost } from '../../graph/cost/cost.ts';
import type { Shapes, Contradiction } from '../../graph/shapes/inferredShapes.ts';
import type { PageBinding, PageCost, PageSizes } from '../../protocol/sizes.ts';

/** Reasons shown; nobody reads more, and a damaged model may have one for every tensor. */
const MAX_COMPUTED = 100;
const MAX_CONTRADICTIONS = 500;

/** Sizes, contradictions and cost as the page shows them. */
export function pageSizes(graph: Graph, shapes: Shapes, cost: ModelCost, bind: PageBinding): PageSizes {
  const contradictions = shapes.contradictions.slice(0, MAX_CONTRADICTIONS);
  const { makerIndex } = connectionsOf(graph.nodes);
  const inputs = new Set(shapes.sizes);
  const computed = [...shapes.symbols]
    .filter(([name]) => !inputs.has(name))
    .map(([name, reason]) => ({ name, reason }));
  return {
    names: shapes.sizes.map((name) => ({ name, value: Object.hasOwn(bind, name) ? (bind[name] ?? null) : null })),
    computed: computed.slice(0, MAX_COMPUTED),
    computedLeft: Math.max(0, computed.length - MAX_COMPUTED),
    contradictions: contradictions.map((contradiction) => ({
      node: contradiction.scope === '' ? (makerIndex.get(contradiction.tensor) ?? null) : null,
      message: contradictionText(contradiction),
    })),
    cost: pageCost(cost),
  };
}

/** A file may hold any number of operators, with names of any length. */
const MAX_OPERATORS = 8;
const MAX_NAME = 100;

/** Costs with the names of operators that fit a line. */
export function pageCost({ unknownOperators, ...cost }: ModelCost): PageCost {
  const names = unknownOperators.slice(0, MAX_OPERATORS);
  return {
    ...cost,
    unknownOperators: names.map((name) => name.slice(0, MAX_NAME)),
    moreOperators: unknownOperators.length - names.length,
  };
}

/** A contradiction in one line: the operator, its node and the graph that it lies in, and what contradicts what. */
export function contradictionText({ opType, node, scope, message }: Contradiction): string {
  const place = `${node ? ` ${node}` : ''}${scope ? ` in ${scope}` : ''}`;
  return `${opType}${place}: ${message}`;
}

/** All contradictions of a file, also of graphs inside nodes. */
export function contradictionTexts(shapes: Shapes): string[] {
  return shapes.contradictions.map(contradictionText);
}
