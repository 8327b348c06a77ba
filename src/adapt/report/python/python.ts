import type { AdaptationPlan } from '../plan.ts';
import { isZero, list, matrix, quoted } from './literals.ts';
import { keras } from './keras.ts';
import { preface, recipesOf } from './recipes.ts';
import type { Recipe } from './recipes.ts';
import { layerHints, torchBias, torchWeight } from './torchWeight.ts';
import { columnCount } from '../../maps/affine.ts';

/** Where people go on to train. */
export type PythonFramework = 'pytorch' | 'timm' | 'keras';

/** The frameworks there is code for, as a person reads them. */
export const PYTHON_FRAMEWORKS: readonly { readonly id: PythonFramework; readonly title: string }[] = [
  { id: 'pytorch', title: 'PyTorch state dict' },
  { id: 'timm', title: 'timm model' },
  { id: 'keras', title: 'Keras layer' },
];

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

function adaptFunction(plan: AdaptationPlan, recipes: readonly Recipe[]): string[] {
  return [
    'def adapt(state):',
    '    """Changes the state dict of the trained model in place and returns it."""',
    ...body(plan, recipes),
    '    return state',
  ];
}

function pytorch(plan: AdaptationPlan): string[] {
  const recipes = recipesOf(plan);
  return [
    'import torch',
    '',
    ...preface(plan),
    '',
    ...adaptFunction(plan, recipes),
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
    ...adaptFunction(plan, recipes),
    '',
    '# NAME is the timm name of the architecture.',
    '# state = adapt(timm.create_model(NAME, pretrained=True).state_dict())',
    `# model = timm.create_model(NAME, in_chans=${channels})`,
    '# model.load_state_dict(state)',
  ];
}

/** timm's adapt_input_conv: one channel is the sum; N are the three over and over, times 3/N. */
function isTimms(m: readonly (readonly number[])[], b: readonly number[]): boolean {
  const n = columnCount(m);
  if (m.length !== 3 || !isZero(b)) return false;
  if (n === 1) return m.every(([v]) => v === 1);
  return m.every((row, c) => row.every((value, k) => value === (k % 3 === c ? 3 / n : 0)));
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
