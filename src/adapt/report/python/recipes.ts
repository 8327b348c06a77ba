import type { AdaptationPlan, PlannedFold } from '../plan.ts';
import type { FoldRecipe } from '../../flow/fold.ts';
import { isZero, quoted } from './literals.ts';
import { countOf } from '../../../text/numbers.ts';

/** What the change is, and what of it no change of weights can say. */
export function preface(plan: AdaptationPlan): string[] {
  const lines = plan.inputs.map(
    (input) =>
      `# Input ${quoted(input.name)} takes ${countOf(input.newChannels, 'channel')} in place of ` +
      `${input.oldChannels}: x_old = M @ x_new${isZero(input.shift) ? '' : ' + b'} per pixel (${quoted(plan.map.name)}).`,
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
export type Recipe = Omit<PlannedFold, 'how'> & FoldRecipe;

/** A weight that several nodes read is folded once. */
export function recipesOf(plan: AdaptationPlan): Recipe[] {
  const seen = new Set<string>();
  return plan.folds.flatMap(({ how, ...fold }) => {
    if (!how || seen.has(fold.tensor)) return [];
    seen.add(fold.tensor);
    return [{ ...fold, ...how }];
  });
}
