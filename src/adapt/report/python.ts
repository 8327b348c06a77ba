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
  return values.every((value) => value === 0);
}

/** What the change is, and what of it no change of weights can say. */
function preface(plan: AdaptationPlan): string[] {
  const lines = plan.inputs.map(
    (i) =>
      `# Input ${quoted(i.name)} takes ${i.newChannels} channel${i.newChannels === 1 ? '' : 's'} in place of ` +
      `${i.oldChannels}: x_old = M @ x_new${isZero(i.shift) ? '' : ' + b'} per pixel (${quoted(plan.map.name)}).`,
  );
  const absorbed = [...new Set(plan.absorbed.map((a) => a.opType))];
  if (absorbed.length)
    lines.push(
      `# In front of these weights the file does ${absorbed.map(quoted).join(', ')}; the changed weights do that ` +
        'too, so leave them out of the new model.',
    );
  for (const note of plan.inFront)
    lines.push(`# ${quoted(note)} Put that in front of the layer; it is no change of weights.`);
  for (const e of plan.rebuilt)
    lines.push(
      `# Tensor ${quoted(e.tensor)} can't be made by a weight (${quoted(e.reason)}); compute it from the new ` +
        'input as M @ x + b there.',
    );
  for (const warning of plan.warnings) lines.push(`# ${quoted(warning)}`);
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
  return recipes.flatMap((recipe) =>
    recipe.quantised
      ? [`    # ${quoted(recipe.tensor)} holds quantised integers: change the float model, then quantise again.`]
      : [...torchWeight(recipe), ...torchBias(recipe)],
  );
}

/** Where nothing folds, the old channels are made from the new ones in front. */
function rebuildOnly(plan: AdaptationPlan): string[] {
  const input = plan.inputs[0];
  if (!input) return ['    # No input changes.'];
  return [
    `    # No weight changes. In forward(), make the old channels first:`,
    `    #   M, b = torch.tensor(${matrix(input.matrix)}), torch.tensor(${list(input.shift)})`,
    '    #   x = ' +
      `torch.einsum("ck,${'n' + (input.axis === 1 ? 'k...' : '...k')}->${'n' + (input.axis === 1 ? 'c...' : '...c')}", ` +
      `M, x)${isZero(input.shift) ? '' : ' + b in the same layout'}`,
  ];
}

function torchWeight(recipe: Recipe): string[] {
  const [before, after] = recipe.groups;
  const turned = isTurned(recipe);
  const head = [
    ...(recipe.readers > 1
      ? [
          `    # ${recipe.readers} layers of the file read this weight; where not all of them see the image, give ` +
            'the changed one a parameter of its own.',
        ]
      : []),
    `    # ${quoted(recipe.opType)} ${quoted(recipe.node)}: ${tuple(recipe.oldDims)} -> ${tuple(recipe.newDims)}`,
    ...torchKey(recipe, turned),
    `    M = torch.tensor(${matrix(recipe.matrix)}, dtype=torch.float64)`,
    `    w = state[key]${turned ? '.T' : ''}`,
    `    assert tuple(w.shape) == ${tuple(recipe.oldDims)}, tuple(w.shape)`,
    `    old = w.double()`,
  ];
  if (before > 1 && (after === 1 || !isZero(recipe.shift))) head.push(...densified(recipe, before));
  return [
    ...head,
    ...contraction(recipe, before > 1 && after === 1 ? 'wide' : 'old'),
    `    state[key] = new${turned ? '.T.contiguous()' : ''}.to(w.dtype)`,
  ];
}

/**
 * A Linear's weight is [out, in]; exporters store it transposed, under a name of their own, where they write MatMul.
 */
function isTurned(recipe: Recipe): boolean {
  return recipe.opType === 'MatMul' && recipe.axis === 0 && recipe.oldDims.length === 2 && !isKey(recipe.tensor);
}

function isKey(name: string): boolean {
  return /(^|\.)(weight|bias|kernel)$/.test(name);
}

/**
 * The weight's key in the state dict: its name where the exporter kept it; else the one its node's name leads to, or
 * the only one of its shape.
 */
function torchKey(recipe: Recipe, turned: boolean): string[] {
  if (isKey(recipe.tensor)) return [`    key = ${quoted(recipe.tensor)}`];
  const guesses = [recipe.tensor, ...modulePath(recipe.node).map((path) => `${path}.weight`)];
  return [
    `    # The file calls this weight ${quoted(recipe.tensor)}, which is no name of a parameter. If the exporter ` +
      `merged a BatchNorm into it, changing the layer's own weight is the same.`,
    '    keys = [k for k, v in state.items() if tuple(v.shape) == ' +
      `${tuple(turned ? [...recipe.oldDims].reverse() : recipe.oldDims)}]`,
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
function densified(recipe: Recipe, groups: number): string[] {
  const rows = recipe.oldDims[0] ?? 0;
  const width = recipe.oldDims[1] ?? 0;
  return [
    `    wide = torch.zeros(${[rows, width * groups, ...recipe.oldDims.slice(2)].join(', ')}, ` +
      `dtype=torch.float64)${recipe.groups[1] === 1 ? '  # groups=1 from now on' : ''}`,
    `    for g in range(${groups}):`,
    `        wide[g * ${rows / groups}:(g + 1) * ${rows / groups}, g * ${width}:(g + 1) * ${width}] = old[g * ` +
      `${rows / groups}:(g + 1) * ${rows / groups}]`,
  ];
}

function contraction(recipe: Recipe, from: string): string[] {
  const kept = recipe.groups[1];
  const channels = recipe.matrix.length;
  const columns = recipe.matrix[0]?.length ?? 0;
  const transposed = recipe.axis === 0 && recipe.opType === 'ConvTranspose';
  const sum = transposed ? '"co...,ck->ko..."' : '"oc...,ck->ok..."';
  if (kept > 1) {
    const [rows, c, k] = [(recipe.oldDims[0] ?? 0) / kept, channels / kept, columns / kept];
    return [
      `    new = torch.cat([torch.einsum(${sum}, old[g * ${rows}:(g + 1) * ${rows}], M[g * ${c}:(g + 1) * ${c}, g ` +
        `* ${k}:(g + 1) * ${k}]) for g in range(${kept})])`,
    ];
  }
  if (recipe.outer === 1 && recipe.inner === 1 && (transposed || recipe.axis === 1))
    return [`    new = torch.einsum(${sum}, ${from}, M)`];
  const front = product(recipe.oldDims.slice(0, recipe.axis)) * recipe.outer;
  return [
    `    new = torch.einsum("bcx,ck->bkx", old.reshape(${front}, ${channels}, -1), ` +
      `M).reshape(${recipe.newDims.join(', ')})`,
  ];
}

/** The shift's part of the bias: what the old weight makes of it. */
function torchBias(recipe: Recipe): string[] {
  if (isZero(recipe.shift)) return [];
  if (recipe.opType === 'Einsum' || (recipe.opType.endsWith('MatMul') && recipe.oldDims.length !== 2)) {
    return [
      `    # The shift b = ${list(recipe.shift)} adds what this product gives for an image of b everywhere; add ` +
        'that behind it.',
    ];
  }
  const across = recipe.axis === 0 ? '"cbx,c->x"' : '"bcx,c->b"';
  const channels = recipe.matrix.length;
  const rows = recipe.axis === 0 ? recipe.outer : (recipe.oldDims[0] ?? 0);
  const from = recipe.groups[0] > 1 ? 'wide' : 'old';
  const view =
    recipe.axis === 0
      ? `old.reshape(${rows}, ${channels}, ${recipe.inner}, -1).sum((0, 2)).reshape(${channels}, 1, -1)`
      : `${from}.reshape(${rows}, ${recipe.outer}, ${channels}, -1).sum(1)`;
  const lines = [
    `    shift = torch.tensor(${list(recipe.shift)}, dtype=torch.float64)`,
    `    added = torch.einsum(${across}, ${view}, ` +
      `shift)${recipe.biasFactor === 1 ? '' : ` * ${float(recipe.biasFactor)}`}`,
  ];
  const name = recipe.bias !== null && isKey(recipe.bias) ? quoted(recipe.bias) : 'key.rpartition(".")[0] + ".bias"';
  return [
    ...lines,
    `    bias = ${name}`,
    '    # A layer without bias needs one here: build it with bias=True; or subtract `added` from the ' +
      'running_mean of the BatchNorm behind it.',
    '    state[bias] = ((state[bias].double() if bias in state else 0) + added).to(w.dtype)',
  ];
}

function layerHints(recipes: readonly Recipe[]): string[] {
  return recipes.flatMap((recipe) => {
    if (recipe.quantised) return [];
    const channels = (recipe.newDims[recipe.axis] ?? 0) * (recipe.opType === 'ConvTranspose' ? 1 : recipe.groups[1]);
    const [guess] = modulePath(recipe.node);
    const layer =
      guess && !isKey(recipe.tensor) ? `the layer ${quoted(guess)}` : `the layer of ${quoted(recipe.tensor)}`;
    return [
      `# Build ${layer} for ${channels} input ` +
        `${recipe.opType.includes('Conv') ? 'channels' : 'features'}${recipe.groups[0] !== recipe.groups[1] ? `, groups=${recipe.groups[1]}` : ''}, ` +
        'then load the state dict.',
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
    `    """Copies all weights to a model built for ${channels} input channel${channels === 1 ? '' : 's'}, the ` +
      'first ones changed."""',
  ];
  if (!recipes.length)
    lines.push('    # No weight changes; make the old channels in front of the model and keep its weights.');
  lines.push('    folded = {}');
  for (const recipe of recipes) lines.push(...kerasLayer(recipe));
  lines.push(
    '    for layer in new_model.layers:',
    '        layer.set_weights(folded.get(layer.name, old_model.get_layer(layer.name).get_weights()))',
    '    return new_model',
  );
  return lines;
}

function kerasLayer(recipe: Recipe): string[] {
  const layer = quoted(layerName(recipe.tensor));
  const spatial = 'dhw'.slice(Math.max(0, 5 - recipe.oldDims.length));
  const isConv =
    (recipe.opType === 'Conv' || recipe.opType === 'FusedConv') &&
    recipe.oldDims.length >= 3 &&
    recipe.oldDims.length <= 5;
  if (recipe.quantised)
    return [`    # ${quoted(recipe.tensor)} holds quantised integers: change the float model, then quantise again.`];
  if (isConv && recipe.groups[0] === 1) {
    const [out = 0, channels = 0, ...kernel] = recipe.oldDims;
    return [
      ...kerasHead(recipe, layer, [...kernel, channels, out]),
      `    new = np.einsum("${spatial}co,ck->${spatial}ko", old, M)`,
      ...kerasBias(recipe, `np.einsum("${spatial}co,c->o", old, shift)`),
      ...KERAS_TAIL,
    ];
  }
  const dense = recipe.opType === 'MatMul' && recipe.axis === 0 && recipe.oldDims.length === 2;
  const denseTransposed = recipe.opType === 'Gemm' && recipe.oldDims.length === 2;
  if (dense || denseTransposed) {
    const [size = 0, out = 0] = recipe.axis === 0 ? recipe.oldDims : [...recipe.oldDims].reverse();
    const newSize = recipe.newDims[recipe.axis] ?? 0;
    const view = `old.reshape(${recipe.outer}, ${recipe.matrix.length}, ${recipe.inner}, ${out})`;
    return [
      '    # The rows of this kernel follow the order in which the file flattens the image.',
      ...kerasHead(recipe, layer, [size, out]),
      `    new = np.einsum("acio,ck->akio", ${view}, M).reshape(${newSize}, ${out})`,
      ...kerasBias(recipe, `np.einsum("acio,c->o", ${view}, shift)`),
      ...KERAS_TAIL,
    ];
  }
  return [
    `    # ${quoted(recipe.tensor)} ` +
      `(${quoted(recipe.opType)}${recipe.groups[0] > 1 ? `, ${recipe.groups[0]} groups` : ''}) has another layout in ` +
      `Keras; change it by hand: new[k] = sum over c of old[c] * M[c][k], M = ${matrix(recipe.matrix)}.`,
  ];
}

function kerasHead(recipe: Recipe, layer: string, dims: readonly number[]): string[] {
  return [
    `    # The file calls this kernel ${quoted(recipe.tensor)}.`,
    `    layers = [l for l in old_model.layers if [tuple(w.shape) for w in l.get_weights()][:1] == [${tuple(dims)}]]`,
    `    layer = next((l for l in layers if l.name == ${layer}), layers[0] if len(layers) == 1 else None)`,
    `    assert layer, f"say which of these is the first layer: {[l.name for l in layers]}"`,
    `    M = np.array(${matrix(recipe.matrix)}, dtype=np.float64)`,
    `    kernel, *rest = layer.get_weights()`,
    `    old = kernel.astype(np.float64)`,
  ];
}

function kerasBias(recipe: Recipe, added: string): string[] {
  if (isZero(recipe.shift)) return [];
  return [
    `    shift = np.array(${list(recipe.shift)}, dtype=np.float64)`,
    `    added = ${added}${recipe.biasFactor === 1 ? '' : ` * ${float(recipe.biasFactor)}`}`,
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
