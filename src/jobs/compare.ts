import type { WeightView } from '../formats/keras/present/graphBuilder.ts';
import type { CallOptions } from '../rpc/messages.ts';
import { compare } from '../verify/compare/compare.ts';
import type { TensorChange } from '../verify/compare/compareTensors.ts';
import type { Comparison } from '../verify/compare/comparison.ts';
import { holdWeightsAlone } from './open/openFile.ts';
import { withOpenModels, type OpenModel } from './open/openModel.ts';
import { compareWeightsFiles } from './weights/compareWeightsFiles.ts';

/** Compares two model files. Throws ChannelwiseError for what can't be read. */
export async function compareFiles(a: string, b: string, options: CallOptions = {}): Promise<Comparison> {
  if (await holdWeightsAlone(a, b)) return compareWeightsFiles(a, b, options);
  return withOpenModels([a, b], options.signal, async (one, two) => {
    const comparison = await compare({ a: one, b: two, onProgress: options.onProgress });
    const [before, after] = [viewsOf(one), viewsOf(two)];
    const tensors = comparison.tensors.map((change) => asStored(change, before, after));
    return { ...comparison, tensors };
  });
}

type Views = ReadonlyMap<string, WeightView> | undefined;

function viewsOf({ keras }: OpenModel): Views {
  return keras?.presented.weights;
}

/** A difference with both tensors as their Keras files have them; that of other files as it is. */
function asStored(change: TensorChange, before: Views, after: Views): TensorChange {
  const [old, now] = [before?.get(change.was ?? change.name), after?.get(change.name)];
  const axis = change.sumOverAxis;
  return {
    ...change,
    a: change.a && old ? { ...change.a, dims: old.storedDims } : change.a,
    b: change.b && now ? { ...change.b, dims: now.storedDims } : change.b,
    sumOverAxis: axis !== null && now && !now.depthwise ? (now.order[axis] ?? null) : axis,
  };
}
