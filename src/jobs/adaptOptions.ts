import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import type { AdaptationPlan } from '../adapt/report/plan.ts';
import type { SaveRequest } from '../files/save/request.ts';
import type { DataCopy } from './dataCopies.ts';

/** What a caller asks of a conversion. */
export interface AdaptOptions {
  readonly map: ChannelMap;
  /** Names of the inputs to adapt; all image inputs when absent. */
  readonly inputs?: readonly string[] | undefined;
  /** Of a file of weights, the tensors or modules that see the image; found by their shape when absent. */
  readonly layers?: readonly string[] | undefined;
  /** The axis that holds the channels, where several may. */
  readonly axis?: number | undefined;
  /** Weights that are stored as integers stay so, at the cost of a node in front. */
  readonly keepIntegers?: boolean | undefined;
  /** The file to write; beside the model under a free name when absent. */
  readonly out?: string | undefined;
  /** Plan only, write nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** As of `saveBeside`; a variant that is a folder has no such moment. */
  readonly onWritten?: SaveRequest['onWritten'];
}

/** What a conversion has come to. */
export interface AdaptResult {
  /** null for a dry run. */
  readonly outPath: string | null;
  readonly plan: AdaptationPlan;
  /** Data files that a model in another folder needs there. */
  readonly dataCopies: readonly DataCopy[];
  /** Folders that were made for it: the variant itself where that is one, or those of data files; innermost first. */
  readonly madeFolders: readonly string[];
  /** One sentence for the user. */
  readonly summary: string;
}
