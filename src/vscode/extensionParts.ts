import { Conversions } from './conversions.ts';
import { OpenModels } from './editor/openModels.ts';
import type { ModelJobs } from './modelJobs.ts';
import { Proofs } from './proofs.ts';
import { TextTabs } from './window/textTabs.ts';

/** What one activation of the extension holds, and its commands, editors and tools share. */
export interface Extension {
  readonly jobs: ModelJobs;
  readonly models: OpenModels;
  readonly proofs: Proofs;
  readonly conversions: Conversions;
  readonly tabs: TextTabs;
}

/** The parts around the jobs. Pages hear from `models` what proofs and conversions find out about their file. */
export function extensionParts(jobs: ModelJobs): Extension {
  const models = new OpenModels();
  const proofs = new Proofs(jobs, (adapted) => models.findingsChanged(adapted));
  return { jobs, models, proofs, conversions: new Conversions(models), tabs: new TextTabs() };
}
