import type { AdaptationPlan } from '../plan.ts';
import { float, isZero, list, matrix, quoted, tuple } from './literals.ts';
import { preface, recipesOf } from './recipes.ts';
import type { Recipe } from './recipes.ts';
import { countOf } from '../../../text/numbers.ts';

/** Lines that fold the map into the kernels of a Keras model and copy all other weights. */
export function keras(plan: AdaptationPlan): string[] {
  const recipes = recipesOf(plan);
  const channels = plan.inputs[0]?.newChannels ?? 1;
  const lines = [
    'import numpy as np',
    '',
    ...preface(plan),
    '',
    'def adapt(old_model, new_model):',
    `    """Copies all weights to a model built for ${countOf(channels, 'input channel')}, the first ones changed."""`,
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
    `    assert layer, f"say which of these reads the image: {[l.name for l in layers]}"`,
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
