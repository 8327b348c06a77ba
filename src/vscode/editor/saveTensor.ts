import * as vscode from 'vscode';
import { basename } from '../../files/paths.ts';
import type { TensorFormat, WeightMethods } from '../../protocol/weights.ts';
import type { CallOptions } from '../../rpc/messages.ts';
import { placeOf } from '../modelFiles.ts';
import type { ModelJobs } from '../modelJobs.ts';
import { askToSave } from '../window/dialogs.ts';

const FILTERS: Readonly<Record<TensorFormat, Record<string, string[]>>> = {
  npy: { 'NumPy array': ['npy'] },
  csv: { 'Comma-separated values': ['csv'] },
};
/** Longer file names are refused by file systems. */
const LONGEST_NAME = 100;

/** Asks where to save a tensor, and writes it there. */
export async function saveTensor(
  jobs: ModelJobs,
  model: vscode.Uri,
  { tensor, format }: WeightMethods['saveTensor']['args'],
  options: CallOptions,
): Promise<WeightMethods['saveTensor']['result']> {
  const chosen = await askToSave({
    title: 'Save weights',
    filters: FILTERS[format],
    defaultUri: vscode.Uri.joinPath(model, '..', `${fileName(tensor)}.${format}`),
  });
  if (!chosen) return { name: null, note: null };
  const note = await jobs.run(
    'saveTensor',
    { path: placeOf(model), tensor, format, outPath: placeOf(chosen) },
    options,
  );
  return { name: basename(placeOf(chosen)), note };
}

/** A tensor's name as a file name: what every system takes. */
function fileName(tensor: string): string {
  return (
    tensor
      .replace(/[^\w.-]+/g, '_')
      .replace(/^[._-]+/, '')
      .slice(0, LONGEST_NAME) || 'tensor'
  );
}
