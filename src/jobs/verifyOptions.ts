import type { ChannelMap } from '../adapt/maps/channelMap.ts';

/** What a caller asks of a proof. */
export interface VerifyOptions {
  /** How the inputs belong together, where the adapted model does not record it. */
  readonly map?: ChannelMap | undefined;
  /** Of files of weights, the layers that took it in, where the adapted file does not record them. */
  readonly layers?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** Run both whole models too. */
  readonly full?: boolean | undefined;
  /** A folder of pictures to run both models on, besides the random ones. */
  readonly images?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}
