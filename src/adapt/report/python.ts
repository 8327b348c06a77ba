import { product } from '../constants/constantValue.ts';
import type { AdaptationPlan, PlannedFold } from './plan.ts';
import type { FoldRecipe } from '../flow/fold.ts';

/** Where people go on to train. */
export type PythonFramework = 'pytorch' | 'timm' | 'keras';

/**
 * Python that folds the same map into the same weights of the trained model the file came from. Sums run in float64 and
 * are rounded once, as here. What can't be said as a change of weights stands in it as comments. Names from the file
 * appear as quoted strings only.
 */
export function asPython(plan: AdaptationPlan, framework: PythonFramework): string {
  const lines = FRAMEWORKS[framework](plan);
  return `${lines.join('\n')}\n`;
}

const FRAMEWORKS: Readonly<Record<PythonFramework, (plan: AdaptationPlan) => string[]>> = { pytorch, timm, keras };

/** A name as a Python string: JSON's escapes are Python's, and no name can leave the quotes. */
function quoted(name: string): string {
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u2028\u2029\ud800-\udfff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function list(values: readonly number[]): string {
  return `[${values.map(float).join(', ')}]`;
}

function float(v: number): string {
  return Number.isInteger(v) && Math.abs(v) < 1e15 ? `${v}.0` : String(v);
}

function tuple(dims: readonly (number | string)[]): string {
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
}

function matrix(rows: readonly (readonly number[])[]): string {
  return `[${rows.map(list).join(', ')}]`;
}

function isZero(values: readonly number[]): boolean {
  return values.every((v) => v === 0);
}

/** What the change is, and what of it no change of weights can say. */
function preface(plan: AdaptationPlan): string[] {
  const lines = plan.inputs.map(
    (i) =>
      `# Input ${quoted(i.name)} takes ${i.newChannels} channel${i.newChannels === 1 ? '' : 's'} in place of ${i.oldChannels}: x_old = M @ x_new${isZero(i.shift) ? '' : ' + b'} per pixel (${quoted(plan.map.name)}).`,
  );
  const absorbed = [...new Set(plan.absorbed.map((a) => a.opType))];
  if (absorbed.length)
    lines.push(
      `# In front of these weights the file does ${absorbed.map(quoted).join(', ')}; they are folded in too, so leave them out of the new model.`,
    );
  for (const note of plan.inFront)
    lines.push(`# ${quoted(note)} Put that in front of the layer; it is no change of weights.`);
  for (const e of plan.rebuilt)
    lines.push(
      `# Tensor ${quoted(e.tensor)} can't be folded (${quoted(e.reason)}); compute it from the new input as M @ x + b there.`,
    );
  for (const w of plan.warnings) lines.push(`# ${quoted(w)}`);
  return lines;
}

/** A fold, with how the weight took the map in. */
type Recipe = Omit<PlannedFold, 'how'> & FoldRecipe;

/** A weight that several nodes read is folded once. */
function recipesOf(plan: AdaptationPlan): Recipe[] {
  const seen = new Set<string>();
  return plan.folds.flatMap(({ how, ...fold }) => {
    if (!how || seen.has(fold.tensor)) return [];
    seen.add(fold.tensor);
    return [{ ...fold, ...how }];
  });
}

function pytorch(plan: AdaptationPlan): string[] {
  const recipes = recipesOf(plan);
  return [
    'import torch',
    '',
    ...preface(plan),
    '',
    'def adapt(state):',
    '    """Changes the state dict of the trained model in place and returns it."""',
    ...body(plan, recipes),
    '    return state',
    '',
    '# state = adapt(torch.load("model.pth", map_location="cpu"))',
    ...layerHints(recipes),
  ];
}

function timm(plan: AdaptationPlan): string[] {
  const recipes = recipesOf(plan);
  const input = plan.inputs[0];
  // A channel of ones beside the image counts.
  const channels = recipes[0]?.matrix[0]?.length ?? input?.newChannels ?? 1;
  const own =
    input !== undefined &&
    plan.inputs.length === 1 &&
    !plan.absorbed.length &&
    !plan.rebuilt.length &&
    isTimms(input.matrix, input.shift);
  return [
    'import timm',
    'import torch',
    '',
    ...preface(plan),
    ...(own ? [`# timm does the same by itself: timm.create_model(NAME, pretrained=True, in_chans=${channels})`] : []),
    '',
    'def adapt(state):',
    '    """Changes the state dict of the trained model in place and returns it."""',
    ...body(plan, recipes),
    '    return state',
    '',
    '# NAME is the timm name of the architecture.',
    '# state = adapt(timm.create_model(NAME, pretrained=True).state_dict())',
    `# model = timm.create_model(NAME, in_chans=${channels})`,
    '# model.load_state_dict(state)',
  ];
}

/** timm's adapt_input_conv: one channel is the sum; N are the three over and over, times 3/N. */
function isTimms(m: readonly (readonly number[])[], b: readonly number[]): boolean {
  const n = m[0]?.length ?? 0;
  if (m.length !== 3 || !isZero(b)) return false;
  if (n === 1) return m.every(([v]) => v === 1);
  return m.every((row, c) => row.every((v, k) => v === (k % 3 === c ? 3 / n : 0)));
}

function body(plan: AdaptationPlan, recipes: readonly Recipe[]): string[] {
  if (!recipes.length) return rebuildOnly(plan);
  return recipes.flatMap((r) =>
    r.quantised
      ? [`    # ${quoted(r.tensor)} holds quantised integers: fold the float model, then quantise again.`]
      : [...torchWeight(r), ...torchBias(r)],
  );
}

/** Where nothing folds, the old channels are made from the new ones in front. */
function rebuildOnly(plan: AdaptationPlan): string[] {
  const input = plan.inputs[0];
  if (!input) return ['    # No input changes.'];
  return [
    `    # No weight takes the map in. In forward(), make the old channels first:`,
    `    #   M, b = torch.tensor(${matrix(input.matrix)}), torch.tensor(${list(input.shift)})`,
    `    #   x = torch.einsum("ck,${'n' + (input.axis === 1 ? 'k...' : '...k')}->${'n' + (input.axis === 1 ? 'c...' : '...c')}", M, x)${isZero(input.shift) ? '' : ' + b in the same layout'}`,
  ];
}

function torchWeight(r: Recipe): string[] {
  const [before, after] = r.groups;
  const turned = isTurned(r);
  const head = [
    ...(r.readers > 1
      ? [
          `    # ${r.readers} layers of the file read this weight; where not all of them see the image, give the folded one a parameter of its own.`,
        ]
      : []),
    `    # ${quoted(r.opType)} ${quoted(r.node)}: ${tuple(r.oldDims)} -> ${tuple(r.newDims)}`,
    ...torchKey(r, turned),
    `    M = torch.tensor(${matrix(r.matrix)}, dtype=torch.float64)`,
    `    w = state[key]${turned ? '.T' : ''}`,
    `    assert tuple(w.shape) == ${tuple(r.oldDims)}, tuple(w.shape)`,
    `    old = w.double()`,
  ];
  if (before > 1 && (after === 1 || !isZero(r.shift))) head.push(...densified(r, before));
  return [
    ...head,
    ...contraction(r, before > 1 && after === 1 ? 'wide' : 'old'),
    `    state[key] = new${turned ? '.T.contiguous()' : ''}.to(w.dtype)`,
  ];
}

/**
 * A Linear's weight is [out, in]; exporters store it transposed, under a name of their own, where they write MatMul.
 */
function isTurned(r: Recipe): boolean {
  return r.opType === 'MatMul' && r.axis === 0 && r.oldDims.length === 2 && !isKey(r.tensor);
}

function isKey(name: string): boolean {
  return /(^|\.)(weight|bias|kernel)$/.test(name);
}

/**
 * The weight's key in the state dict: its name where the exporter kept it; else the one its node's name leads to, or
 * the only one of its shape.
 */
function torchKey(r: Recipe, turned: boolean): string[] {
  if (isKey(r.tensor)) return [`    key = ${quoted(r.tensor)}`];
  const guesses = [r.tensor, ...modulePath(r.node).map((path) => `${path}.weight`)];
  return [
    `    # The file calls this weight ${quoted(r.tensor)}, which is no name of a parameter. If the exporter merged a BatchNorm into it, folding the layer's own weight is the same change.`,
    `    keys = [k for k, v in state.items() if tuple(v.shape) == ${tuple(turned ? [...r.oldDims].reverse() : r.oldDims)}]`,
    `    key = next((k for k in ${tuple(guesses.map(quoted))} if k in keys), keys[0] if len(keys) == 1 else None)`,
    `    assert key, f"say which of these is the first layer's weight: {keys}"`,
  ];
}

/**
 * PyTorch's exporter names nodes by their modules, each child of a list with its parent's name:
 * `/layer1/layer1.0/conv1/Conv` is `layer1.0.conv1`.
 */
function modulePath(node: string): string[] {
  const scopes = node.split('/').slice(1, -1);
  if (!scopes.length) return [];
  let path: string[] = [];
  for (const scope of scopes)
    path = path.length && scope.startsWith(`${path.at(-1)}.`) ? [...path.slice(0, -1), scope] : [...path, scope];
  return [path.join('.')];
}

/** A grouped weight as one over all channels: zeros where a group doesn't look. */
function densified(r: Recipe, groups: number): string[] {
  const rows = r.oldDims[0] ?? 0;
  const width = r.oldDims[1] ?? 0;
  return [
    `    wide = torch.zeros(${[rows, width * groups, ...r.oldDims.slice(2)].join(', ')}, dtype=torch.float64)${r.groups[1] === 1 ? '  # groups=1 from now on' : ''}`,
    `    for g in range(${groups}):`,
    `        wide[g * ${rows / groups}:(g + 1) * ${rows / groups}, g * ${width}:(g + 1) * ${width}] = old[g * ${rows / groups}:(g + 1) * ${rows / groups}]`,
  ];
}

function contraction(r: Recipe, from: string): string[] {
  const kept = r.groups[1];
  const channels = r.matrix.length;
  const columns = r.matrix[0]?.length ?? 0;
  const transposed = r.axis === 0 && r.opType === 'ConvTranspose';
  const sum = transposed ? '"co...,ck->ko..."' : '"oc...,ck->ok..."';
  if (kept > 1) {
    const [rows, c, k] = [(r.oldDims[0] ?? 0) / kept, channels / kept, columns / kept];
    return [
      `    new = torch.cat([torch.einsum(${sum}, old[g * ${rows}:(g + 1) * ${rows}], M[g * ${c}:(g + 1) * ${c}, g * ${k}:(g + 1) * ${k}]) for g in range(${kept})])`,
    ];
  }
  if (r.outer === 1 && r.inner === 1 && (transposed || r.axis === 1))
    return [`    new = torch.einsum(${sum}, ${from}, M)`];
  const front = product(r.oldDims.slice(0, r.axis)) * r.outer;
  return [
    `    new = torch.einsum("bcx,ck->bkx", old.reshape(${front}, ${channels}, -1), M).reshape(${r.newDims.join(', ')})`,
  ];
}

/** The shift's part of the bias: what the old weight makes of it. */
function torchBias(r: Recipe): string[] {
  if (isZero(r.shift)) return [];
  if (r.opType === 'Einsum' || (r.opType.endsWith('MatMul') && r.oldDims.length !== 2)) {
    return [
      `    # The shift b = ${list(r.shift)} adds what this product gives for an image of b everywhere; add that behind it.`,
    ];
  }
  const across = r.axis === 0 ? '"cbx,c->x"' : '"bcx,c->b"';
  const channels = r.matrix.length;
  const rows = r.axis === 0 ? r.outer : (r.oldDims[0] ?? 0);
  const from = r.groups[0] > 1 ? 'wide' : 'old';
  const view =
    r.axis === 0
      ? `old.reshape(${rows}, ${channels}, ${r.inner}, -1).sum((0, 2)).reshape(${channels}, 1, -1)`
      : `${from}.reshape(${rows}, ${r.outer}, ${channels}, -1).sum(1)`;
  const lines = [
    `    shift = torch.tensor(${list(r.shift)}, dtype=torch.float64)`,
    `    added = torch.einsum(${across}, ${view}, shift)${r.biasFactor === 1 ? '' : ` * ${float(r.biasFactor)}`}`,
  ];
  const name = r.bias !== null && isKey(r.bias) ? quoted(r.bias) : 'key.rpartition(".")[0] + ".bias"';
  return [
    ...lines,
    `    bias = ${name}`,
    '    # A layer without bias needs one here: build it with bias=True; or subtract `added` from the running_mean of the BatchNorm behind it.',
    '    state[bias] = ((state[bias].double() if bias in state else 0) + added).to(w.dtype)',
  ];
}

function layerHints(recipes: readonly Recipe[]): string[] {
  return recipes.flatMap((r) => {
    if (r.quantised) return [];
    const channels = (r.newDims[r.axis] ?? 0) * (r.opType === 'ConvTranspose' ? 1 : r.groups[1]);
    const [guess] = modulePath(r.node);
    const layer = guess && !isKey(r.tensor) ? `the layer ${quoted(guess)}` : `the layer of ${quoted(r.tensor)}`;
    return [
      `# Build ${layer} for ${channels} input ${r.opType.includes('Conv') ? 'channels' : 'features'}${r.groups[0] !== r.groups[1] ? `, groups=${r.groups[1]}` : ''}, then load the state dict.`,
    ];
  });
}

function keras(plan: AdaptationPlan): string[] {
  const recipes = recipesOf(plan);
  const channels = plan.inputs[0]?.newChannels ?? 1;
  const lines = [
    'import numpy as np',
    '',
    ...preface(plan),
    '',
    'def adapt(old_model, new_model):',
    `    """Copies all weights to a model built for ${channels} input channel${channels === 1 ? '' : 's'}, the first ones folded."""`,
  ];
  if (!recipes.length)
    lines.push('    # No weight takes the map in; make the old channels in front of the model and keep its weights.');
  lines.push('    folded = {}');
  for (const r of recipes) lines.push(...kerasLayer(r));
  lines.push(
    '    for layer in new_model.layers:',
    '        layer.set_weights(folded.get(layer.name, old_model.get_layer(layer.name).get_weights()))',
    '    return new_model',
  );
  return lines;
}

function kerasLayer(r: Recipe): string[] {
  const layer = quoted(layerName(r.tensor));
  const spatial = 'dhw'.slice(Math.max(0, 5 - r.oldDims.length));
  const isConv = (r.opType === 'Conv' || r.opType === 'FusedConv') && r.oldDims.length >= 3 && r.oldDims.length <= 5;
  if (r.quantised)
    return [`    # ${quoted(r.tensor)} holds quantised integers: fold the float model, then quantise again.`];
  if (isConv && r.groups[0] === 1) {
    const [out = 0, channels = 0, ...kernel] = r.oldDims;
    return [
      ...kerasHead(r, layer, [...kernel, channels, out]),
      `    new = np.einsum("${spatial}co,ck->${spatial}ko", old, M)`,
      ...kerasBias(r, `np.einsum("${spatial}co,c->o", old, shift)`),
      ...KERAS_TAIL,
    ];
  }
  const dense = r.opType === 'MatMul' && r.axis === 0 && r.oldDims.length === 2;
  const denseTransposed = r.opType === 'Gemm' && r.oldDims.length === 2;
  if (dense || denseTransposed) {
    const [size = 0, out = 0] = r.axis === 0 ? r.oldDims : [...r.oldDims].reverse();
    const newSize = r.newDims[r.axis] ?? 0;
    const view = `old.reshape(${r.outer}, ${r.matrix.length}, ${r.inner}, ${out})`;
    return [
      '    # The rows of this kernel follow the order in which the file flattens the image.',
      ...kerasHead(r, layer, [size, out]),
      `    new = np.einsum("acio,ck->akio", ${view}, M).reshape(${newSize}, ${out})`,
      ...kerasBias(r, `np.einsum("acio,c->o", ${view}, shift)`),
      ...KERAS_TAIL,
    ];
  }
  return [
    `    # ${quoted(r.tensor)} (${quoted(r.opType)}${r.groups[0] > 1 ? `, ${r.groups[0]} groups` : ''}) has another layout in Keras; fold it by hand: new[k] = sum over c of old[c] * M[c][k], M = ${matrix(r.matrix)}.`,
  ];
}

function kerasHead(r: Recipe, layer: string, dims: readonly number[]): string[] {
  return [
    `    # The file calls this kernel ${quoted(r.tensor)}.`,
    `    layers = [l for l in old_model.layers if [tuple(w.shape) for w in l.get_weights()][:1] == [${tuple(dims)}]]`,
    `    layer = next((l for l in layers if l.name == ${layer}), layers[0] if len(layers) == 1 else None)`,
    `    assert layer, f"say which of these is the first layer: {[l.name for l in layers]}"`,
    `    M = np.array(${matrix(r.matrix)}, dtype=np.float64)`,
    `    kernel, *rest = layer.get_weights()`,
    `    old = kernel.astype(np.float64)`,
  ];
}

function kerasBias(r: Recipe, added: string): string[] {
  if (isZero(r.shift)) return [];
  return [
    `    shift = np.array(${list(r.shift)}, dtype=np.float64)`,
    `    added = ${added}${r.biasFactor === 1 ? '' : ` * ${float(r.biasFactor)}`}`,
    '    # A layer without bias gets one here: build it with use_bias=True.',
    '    rest = [((rest[0] if rest else 0) + added).astype(kernel.dtype)]',
  ];
}

const KERAS_TAIL = ['    folded[layer.name] = [new.astype(kernel.dtype), *rest]'];

/** tf2onnx and keras2onnx name a kernel by path; the layer stands in front of the operator. */
function layerName(tensor: string): string {
  const parts = tensor
    .split('/')
    .filter(
      (p) =>
        p &&
        !/^(ReadVariableOp|Conv2D|Conv3D|Conv1D|MatMul|BiasAdd|kernel|Tensordot|convolution|StatefulPartitionedCall)/.test(
          p,
        ),
    );
  return parts.at(-1)?.replace(/[.:](weight|kernel|0).*$/, '') || tensor;
}
