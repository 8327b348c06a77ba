import { inputSteps, pixelRange } from '../../graph/inputLayers/inputSteps.ts';
import type { Wiring } from '../wiring.ts';

/**
 * The preset a model's own first steps call for: `raw` or `zero-to-one` where it normalises by itself; null where it
 * doesn't.
 */
export async function ownPreset(wiring: Wiring, input: string): Promise<'raw' | 'zero-to-one' | null> {
  const type = wiring.inputs.get(input)?.type;
  const { steps } = await inputSteps(wiring.file.model.graph, wiring.file.ctx, input);
  return pixelRange(type?.kind === 'tensor' ? type.dtype : null, steps);
}
