import { float, isZero, list, matrix, quoted, tuple } from './literals.ts';
import type { Recipe } from './recipes.ts';
import { product } from '../../../tensors/dims.ts';
import { columnCount } from '../../maps/affine.ts';

/** Lines that change one weight of a state dict as the model's was changed. */
export function torchWeight(recipe: Recipe): string[] {
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
    `    assert key, f"say which of these is the input layer's weight: {keys}"`,
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
  const columns = columnCount(recipe.matrix);
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
export function torchBias(recipe: Recipe): string[] {
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

/** Comments that say how each changed layer is built before the weights are loaded. */
export function layerHints(recipes: readonly Recipe[]): string[] {
  return recipes.flatMap((recipe) => {
    if (recipe.quantised) return [];
    const channels = (recipe.newDims[recipe.axis] ?? 0) * (recipe.opType === 'ConvTranspose' ? 1 : recipe.groups[1]);
    const [guess] = modulePath(recipe.node);
    const layer =
      guess && !isKey(recipe.tensor) ? `the layer ${quoted(guess)}` : `the layer of ${quoted(recipe.tensor)}`;
    const what = recipe.opType.includes('Conv') ? 'channels' : 'features';
    const [oldGroups, newGroups] = recipe.groups;
    const groups = oldGroups === newGroups ? '' : `, groups=${newGroups}`;
    return [`# Build ${layer} for ${channels} input ${what}${groups}, then load the state dict.`];
  });
}
