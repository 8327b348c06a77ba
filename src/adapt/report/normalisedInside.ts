import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { inputSteps, pixelRange } from '../../graph/inputLayers/inputSteps.ts';
import type { Graph } from '../../formats/onnx/model.ts';
import type { Candidate } from '../inputs/candidates.ts';
import { normalises, type ChannelMap } from '../maps/channelMap.ts';

/**
 * Warnings where a normalisation is to move inside and the model's own first steps are one: pixels would be normalised
 * twice. Steps are read as evaluation reads them.
 */
export async function normalisedTwice(
  graph: Graph,
  ctx: TensorContext,
  { map, inputs }: { readonly map: ChannelMap; readonly inputs: readonly Candidate[] },
): Promise<string[]> {
  if (!normalises(map)) return [];
  const warnings: string[] = [];
  for (const { input } of inputs) {
    const { steps } = await inputSteps(graph, ctx, input.name);
    if (pixelRange(null, steps) === null) continue;
    const operators = [...new Set(steps.map(({ node }) => node.opType))].join(', ');
    warnings.push(
      `A normalisation already stands inside the model behind input ${input.name} (${operators}), so pixels are ` +
        'normalised twice: by this map, then by these steps. Where the map was meant to stand in their place, leave ' +
        'it out.',
    );
  }
  return warnings;
}
