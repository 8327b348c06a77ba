import { calledFunction } from '../../graph/operatorKey.ts';
import { nestedGraphs } from '../../graph/nested.ts';
import { attributeOf } from '../../formats/onnx/attributes.ts';
import type { Attribute, FunctionDef, Graph, Model, Node } from '../../formats/onnx/model.ts';
import { TakenNames } from './names.ts';

/**
 * A node of a local function, written out in the main graph: under other tensor names, with the caller's attributes.
 */
export interface InlinedNode {
  /** The node inside the function. */
  readonly source: Node;
  /** The node of the file's main graph whose call it belongs to, also when calls are nested. */
  readonly call: Node;
  /**
   * Attributes of the caller, or defaults of the function, by the name that the node knows them by; null where neither
   * has one.
   */
  readonly attributes: ReadonlyMap<string, Attribute | null>;
}

/** A model with some calls of local functions written out in its main graph; everything else is the file's. */
export interface ExpandedModel extends Model {
  readonly inlined: ReadonlyMap<Node, InlinedNode>;
}

/** Functions that call each other in a file can multiply without end. */
const MAX_NODES = 1 << 16;

/** The model with no call written out. */
export function asItStands(model: Model): ExpandedModel {
  return { ...model, inlined: new Map() };
}

/** The model with these calls written out, as far as that is plain; null when it is for none. */
export function expand(
  model: ExpandedModel,
  calls: ReadonlySet<Node>,
  names: ReadonlySet<string>,
): ExpandedModel | null {
  const taken = new TakenNames(names);
  const inlined = new Map(model.inlined);
  const nodes: Node[] = [];
  let left = MAX_NODES - model.graph.nodes.length;
  let some = false;
  for (const node of model.graph.nodes) {
    const called = calls.has(node) ? calledFunction(model.functions, node) : null;
    const body =
      called && called.nodes.length <= left && isPlain(model, called, node) ? written(called, node, taken) : null;
    if (!body) {
      nodes.push(node);
      continue;
    }
    const call = model.inlined.get(node)?.call ?? node;
    for (const { node: made, source, attributes } of body) {
      nodes.push(made);
      inlined.set(made, { source, call, attributes });
    }
    left -= body.length;
    some = true;
  }
  const graph: Graph = { ...model.graph, nodes };
  return some ? { ...model, graph, inlined } : null;
}

/**
 * The same operators mean the same outside: no other versions, no subgraphs that would need other names, nothing passed
 * straight through.
 */
function isPlain(model: Model, called: FunctionDef, call: Node): boolean {
  const versions = (list: Model['opsets'], domain: string): number | undefined =>
    list.find((opsetImport) => opsetImport.domain === domain)?.version;
  const local = new Set(model.functions.map((definition) => definition.domain));
  const made = called.nodes.flatMap((node) => node.outputs.filter(Boolean));
  const unique = new Set([...made, ...called.inputs]).size === made.length + called.inputs.length;
  if (!unique || call.inputs.length > called.inputs.length || call.outputs.length > called.outputs.length) return false;
  const givesOwn = called.outputs.every((output) => made.includes(output));
  if (!givesOwn || new Set(called.outputs).size !== called.outputs.length) return false;
  return called.nodes.every((node) => {
    if (nestedGraphs(node).length) return false;
    const outside = versions(model.opsets, node.domain);
    return local.has(node.domain) ? outside !== undefined : versions(called.opsets, node.domain) === outside;
  });
}

interface Written {
  readonly node: Node;
  readonly source: Node;
  readonly attributes: Map<string, Attribute | null>;
}

function written(called: FunctionDef, call: Node, taken: TakenNames): Written[] {
  const prefix = call.name || call.outputs.find(Boolean) || call.opType;
  const outside = new Map<string, string>([['', '']]);
  called.inputs.forEach((name, i) => outside.set(name, call.inputs[i] ?? ''));
  called.outputs.forEach((name, i) => {
    if (call.outputs[i]) outside.set(name, call.outputs[i]);
  });
  const nameOf = (name: string): string => {
    const known = outside.get(name);
    if (known !== undefined) return known;
    const made = taken.fresh(`${prefix}/${name}`);
    outside.set(name, made);
    return made;
  };
  return called.nodes.map((source) => {
    const attributes = new Map<string, Attribute | null>();
    for (const attribute of source.attributes)
      if (attribute.refAttrName) attributes.set(attribute.name, given(called, call, attribute.refAttrName));
    const node: Node = {
      ...source,
      name: taken.fresh(`${prefix}/${source.name || source.opType}`),
      inputs: source.inputs.map(nameOf),
      outputs: source.outputs.map(nameOf),
      attributes: source.attributes.flatMap((attribute) =>
        attribute.refAttrName
          ? [attributes.get(attribute.name)].flatMap((value) => (value ? [{ ...value, name: attribute.name }] : []))
          : [attribute],
      ),
    };
    return { node, source, attributes };
  });
}

function given(called: FunctionDef, call: Node, name: string): Attribute | null {
  return attributeOf(call, name) ?? attributeOf(called, name) ?? null;
}
