import type { ErrorPlace } from '../../../bytes/errors.ts';
import type { ExternalReader } from '../externalData.ts';
import type { TensorStorage } from '../model.ts';
import type { WireReader } from '../scan/wire.ts';

/** Where tensor data comes from. Without `external`, tensors in files beside the model can't be read. */
export interface TensorContext {
  readonly wire: WireReader;
  readonly external?: ExternalReader | undefined;
}

/** A TensorProto under the name that messages give it, and where its data comes from. */
export interface TensorData {
  readonly ctx: TensorContext;
  readonly name: string;
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly storage: TensorStorage;
  readonly place: ErrorPlace;
}
