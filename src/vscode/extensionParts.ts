import type { Conversions } from './conversions.ts';
import type { OpenModels } from './editor/openModels.ts';
import type { ModelJobs } from './modelJobs.ts';
import type { Proofs } from './proofs.ts';
import type { TextTabs } from './window/textTabs.ts';

/** What one activation of the extension holds, and its commands, editors and tools share. */
export interface Extension {
  readonly jobs: ModelJobs;
  readonly models: OpenModels;
  readonly proofs: Proofs;
  readonly conversions: Conversions;
  readonly tabs: TextTabs;
}
