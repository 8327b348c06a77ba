import type { CallOptions } from '../rpc/messages.ts';
import type { Bound } from '../verify/time/madeUpInputs.ts';
import { measureTime, type MeasuredTime } from '../verify/time/measureTime.ts';
import { wiring } from '../verify/wiring.ts';
import { refuseWeightsAlone } from './open/openFile.ts';
import { withOpenModel } from './open/openModel.ts';

/**
 * Runs a file's model on made-up inputs and measures how long it takes. Throws as `measureTime` does, and `refused` for
 * weights without a graph.
 */
export async function measureTimeOfFile(
  path: string,
  bound: Bound,
  { signal, onProgress }: CallOptions,
): Promise<MeasuredTime> {
  await refuseWeightsAlone(path);
  return withOpenModel(path, signal, (model) => measureTime({ model: wiring(model), bound, signal, onProgress }));
}
