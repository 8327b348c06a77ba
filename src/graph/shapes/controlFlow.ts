import { BOOL, INT64 } from '../../tensors/dtypes.ts';
import type { Dim, Graph } from '../../formats/onnx/model.ts';
import { holding, inferredTensor, unknownValue, type Inferred } from './inferred.ts';
import type { Inferring, Place } from './inferring.ts';
import { join, joinHolders, typeOnly, valueText } from './join.ts';
import { nodeLabel, type GraphScope, type InnerScope, type Passed } from './graphScope.ts';
import { axisOf, type RuleInput } from './shapeRule.ts';
import { small, type SmallTensor } from '../values/smallTensor.ts';

/** A node with graphs inside, and what its rule may use. */
interface Inside extends Place {
  readonly inference: Inferring;
  readonly input: RuleInput;
  /** Keeps what was inferred inside, for those who show it. */
  readonly keep: (inner: readonly InnerScope[]) => void;
}

/** What a node with graphs gives, in order; a text where that can't be told. */
type Follow = (at: Inside) => readonly Passed[] | string;

/**
 * Every round but the last settles at least one size of one carried value, so a loop is quiet long before this; if not,
 * all it carries is unknown.
 */
const MAX_ROUNDS = 8;

function graphOf(at: Inside, name: string): Graph | null {
  return at.input.attribute(name)?.graph ?? null;
}

/** What the graph gives; its declared type where nothing follows. */
function outputsOf(at: Inside, scope: GraphScope, graph: Graph): Passed[] {
  return graph.outputs.map((output) => {
    const passed = at.inference.passed(scope, output.name);
    return passed.value.kind === 'tensor' && passed.value.dims === null && output.type
      ? { value: at.inference.declared(output), small: null }
      : passed;
  });
}

/** What stands at an input of the node. */
function given(at: Inside, index: number): Passed {
  const name = at.node.inputs[index];
  return name ? at.inference.passed(at.scope, name) : { value: unknownValue('it is left out'), small: null };
}

/** Names for sizes in which what a node gives differs from case to case. */
function open(at: Inside, reason: string): (axis: number, a: Dim, b: Dim) => Dim {
  return (axis, a, b) =>
    at.inference.symbols.fresh(
      at.node.opType.toLowerCase(),
      `size ${axis} of what ${at.node.opType} ${nodeLabel(at.node)} gives: ${reason} (${a ?? '?'} or ${b ?? '?'})`,
    );
}

/** https://onnx.ai/onnx/operators/onnx__If.html: both branches are followed; a condition that is known picks one. */
const branch: Follow = (at) => {
  const [yes, no] = [graphOf(at, 'then_branch'), graphOf(at, 'else_branch')];
  if (!yes || !no) return 'it has no two branches';
  const condition = given(at, 0).small?.values[0];
  const scopes = [
    at.inference.inside(yes, at, 'then_branch', []),
    at.inference.inside(no, at, 'else_branch', []),
  ] as const;
  const runs = (taken: boolean): Dim => (typeof condition === 'number' ? Number((condition !== 0) === taken) : 1);
  at.keep([
    { label: 'then_branch', body: yes, shapes: scopes[0], runs: runs(true), either: true },
    { label: 'else_branch', body: no, shapes: scopes[1], runs: runs(false), either: true },
  ]);
  const [a, b] = [outputsOf(at, scopes[0], yes), outputsOf(at, scopes[1], no)];
  if (typeof condition === 'number') return condition === 0 ? b : a;
  return a.map((x, i) => {
    const y = b[i];
    return y ? join(x, y, 'its branches give different shapes', open(at, 'its branches differ')) : x;
  });
};

/** A value that a loop carries from round to round. */
interface Carried {
  first: Inferred;
  /** Axes whose sizes change. */
  readonly changing: Set<number>;
  lost: boolean;
}

/** A body that runs again and again with what it carries. */
interface Repeated {
  readonly body: Graph;
  /** What it carries into the first round. */
  readonly first: readonly Passed[];
  /** All inputs of a round, given what is carried into it. */
  readonly inputs: (carried: readonly Passed[]) => readonly Passed[];
  /** How many outputs stand in front of the carried ones. */
  readonly skip: number;
}

/**
 * Runs a body until what it carries keeps its shape. Sizes that change from round to round get a name, then everything
 * is unknown.
 */
function runUntilSteady(
  at: Inside,
  { body, first, inputs, skip }: Repeated,
): { carried: Passed[]; scope: GraphScope; outputs: Passed[] } {
  const mark = at.inference.mark();
  const state = first.map((passed): Carried => ({ first: passed.value, changing: new Set(), lost: false }));
  for (let round = 0; ; round++) {
    at.inference.restore(mark);
    const carried = state.map((c): Passed => ({ value: start(at, c), small: null }));
    const scope = at.inference.inside(body, at, 'body', inputs(carried));
    const outputs = outputsOf(at, scope, body);
    let quiet = true;
    for (const [i, c] of state.entries()) {
      const [before, after] = [carried[i]?.value, outputs[i + skip]?.value];
      if (before && after && !c.lost && !keeps(c, before, after, round)) quiet = false;
    }
    if (!quiet) continue;
    const given = carried.map((passed, i): Passed =>
      state[i]?.lost ? { value: typeOnly(outputs[i + skip]?.value ?? passed.value, CHANGES), small: null } : passed,
    );
    return { carried: given, scope, outputs };
  }
}

const CHANGES = 'its shape changes from round to round';

/** A carried value before a round: its first shape, with names for what changes. Its numbers may change. */
function start(at: Inside, { first, changing, lost }: Carried): Inferred {
  if (lost) return first.kind === 'tensor' ? inferredTensor(first.dtype, null, CHANGES) : unknownValue(CHANGES);
  if (first.kind !== 'tensor' || !first.dims || !changing.size) return first;
  return inferredTensor(
    first.dtype,
    first.dims.map((dim, axis) =>
      changing.has(axis) ? open(at, 'it changes from round to round')(axis, dim, null) : dim,
    ),
  );
}

/** True where a round leaves a carried value as it was; otherwise notes what changes. */
function keeps(carried: Carried, before: Inferred, after: Inferred, round: number): boolean {
  if (before.kind !== 'tensor' && after.kind !== 'tensor' && before.kind === after.kind && round < MAX_ROUNDS) {
    const joined = joinHolders(before, after);
    if (valueText(joined) === valueText(before)) return true;
    carried.first = joined;
    return false;
  }
  if (before.kind === 'tensor' && before.dims === null) return true;
  const [a, b] = [before.kind === 'tensor' ? before.dims : null, after.kind === 'tensor' ? after.dims : null];
  const size = carried.changing.size;
  if (a && b?.length === a.length && round < MAX_ROUNDS) {
    a.forEach((dim, axis) => {
      if (dim !== b[axis]) carried.changing.add(axis);
    });
    return a.every((dim, axis) => dim === b[axis] || carried.changing.has(axis)) && carried.changing.size === size;
  }
  carried.lost = true;
  return false;
}

const TRUE: SmallTensor | null = small([], [1]);

/**
 * https://onnx.ai/onnx/operators/onnx__Loop.html: iteration number, condition, carried values in; condition, carried
 * values, scan outputs out.
 */
const loop: Follow = (at) => {
  const body = graphOf(at, 'body');
  if (!body) return 'it has no body';
  const count = at.node.inputs.length - 2;
  const first = Array.from({ length: Math.max(0, count) }, (_, i) => given(at, i + 2));
  // A round runs only where the condition holds.
  const head: Passed[] = [
    { value: inferredTensor(INT64, []), small: null },
    { value: inferredTensor(BOOL, []), small: TRUE },
  ];
  const { carried, scope, outputs } = runUntilSteady(at, { body, first, inputs: (c) => [...head, ...c], skip: 1 });
  const limit = at.node.inputs[0] ? (given(at, 0).small?.values[0] ?? null) : null;
  const starts = !at.node.inputs[1] || given(at, 1).small?.values[0] === 1;
  const endless = outputs[0]?.small?.values[0] === 1;
  const rounds = typeof limit === 'number' ? Math.max(0, limit) : limit;
  const known = starts && endless ? rounds : null;
  at.keep([{ label: 'body', body, shapes: scope, runs: known, either: false }]);
  const times = known ?? at.inference.symbols.fresh('loop', `how often Loop ${nodeLabel(at.node)} runs`);
  return [
    ...carried,
    ...outputs.slice(1 + carried.length).map((output) => ({ value: stacked(output.value, 0, times), small: null })),
  ];
};

/** One more axis, along which the rounds lie. */
function stacked(value: Inferred, axis: number, times: Dim): Inferred {
  if (value.kind !== 'tensor') return unknownValue('only tensors can be collected');
  if (!value.dims) return value;
  const at = axisOf(axis, value.dims.length + 1);
  return inferredTensor(value.dtype, [...value.dims.slice(0, at), times, ...value.dims.slice(at)]);
}

/** A value without one of its axes, and that axis's size: one element of what is scanned. */
function without(value: Inferred, axis: number): { value: Inferred; size: Dim } {
  if (value.kind !== 'tensor' || !value.dims)
    return { value: value.kind === 'tensor' ? inferredTensor(value.dtype, null, value.reason) : value, size: null };
  const at = axisOf(axis, value.dims.length);
  return {
    value: inferredTensor(
      value.dtype,
      value.dims.filter((_, k) => k !== at),
    ),
    size: value.dims[at] ?? null,
  };
}

/**
 * https://onnx.ai/onnx/operators/onnx__Scan.html since opset 9; the older form has a batch axis in front of everything.
 */
const scan: Follow = (at) => {
  const body = graphOf(at, 'body');
  const old = at.input.opset < 9;
  const inputs = at.node.inputs.slice(old ? 1 : 0).map((_, i) => given(at, i + (old ? 1 : 0)));
  const states = inputs.length - at.input.int('num_scan_inputs', 0);
  if (!body || states < 0) return 'it has no body, or fewer inputs than it scans';
  const axes = at.input.ints(old ? '' : 'scan_input_axes');
  let times: Dim = null;
  let batch: Dim = null;
  const strip = (value: Inferred): Inferred => {
    if (!old) return value;
    const cut = without(value, 0);
    batch ??= cut.size;
    return cut.value;
  };
  const carried = inputs.slice(0, states).map((input): Passed => ({ value: strip(input.value), small: null }));
  const scanned = inputs.slice(states).map((input, i): Passed => {
    const cut = without(strip(input.value), axes?.[i] ?? 0);
    times = typeof times === 'number' ? times : (cut.size ?? times);
    return { value: cut.value, small: null };
  });
  const steady = runUntilSteady(at, { body, first: carried, inputs: (c) => [...c, ...scanned], skip: 0 });
  at.keep([{ label: 'body', body, shapes: steady.scope, runs: times, either: false }]);
  const outAxes = at.input.ints(old ? '' : 'scan_output_axes');
  const wrap = (value: Inferred): Passed => ({ value: old ? stacked(value, 0, batch) : value, small: null });
  return [
    ...steady.carried.map((passed) => wrap(passed.value)),
    ...steady.outputs.slice(states).map((output, i) => wrap(stacked(output.value, outAxes?.[i] ?? 0, times))),
  ];
};

/**
 * https://onnx.ai/onnx/operators/onnx__SequenceMap.html: the body sees one element of each sequence; other inputs come
 * as they are.
 */
const sequenceMap: Follow = (at) => {
  const body = graphOf(at, 'body');
  if (!body) return 'it has no body';
  const inputs = at.node.inputs.map((_, i): Passed => {
    const { value, small: numbers } = given(at, i);
    return value.kind === 'sequence' ? { value: value.element, small: null } : { value, small: numbers };
  });
  const scope = at.inference.inside(body, at, 'body', inputs);
  at.keep([{ label: 'body', body, shapes: scope, runs: null, either: false }]);
  return outputsOf(at, scope, body).map((output) => ({ value: holding('sequence', output.value), small: null }));
};

/** An axis that is not there is a reason, as it is for operators without graphs. */
const told =
  (rule: Follow): Follow =>
  (at) => {
    try {
      return rule(at);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return error.message;
    }
  };

/** Operators with graphs inside, by their key in the operator table. */
export const CONTROL_FLOW: ReadonlyMap<string, Follow> = new Map([
  ['If', told(branch)],
  ['Loop', told(loop)],
  ['Scan', told(scan)],
  ['SequenceMap', told(sequenceMap)],
]);
