import type { Model } from '../../formats/onnx/model.ts';
import { Inference } from './inference.ts';
import type { InferOptions, Shapes } from './inferredShapes.ts';

/**
 * Infers shape and element type of every tensor, in one pass over the nodes, each behind those it reads, going inside
 * subgraphs and functions. Dims are numbers, names, expressions of names in one form (equal sizes have equal texts), or
 * a name of their own with a reason in `symbols`. Expressions assume that named sizes are at least one; bound numbers
 * are computed anew. Declared shapes fill only what does not follow.
 */
export function inferShapes(model: Model, options: InferOptions = {}): Shapes {
  return new Inference(model, options).run();
}
