import { ChannelwiseError } from '../bytes/errors.ts';
import { basename } from '../files/paths.ts';
import {
  markWrittenModel,
  removeWrittenModel,
  sameAsWritten,
  type RemovedCopies,
  type StayReason,
  type WrittenModel,
} from '../files/written.ts';
import { messageOf } from '../text/messageOf.ts';
import type { OpenModels } from './editor/openModels.ts';
import type { WrittenReply } from './proofs.ts';

/** A model that was taken back, and what became of the files that were copied for it. */
export interface Undone extends RemovedCopies {
  readonly path: string;
}

/** The models that were written since VS Code was opened, so that they can be taken back, each once. */
export class Conversions {
  private readonly written = new Map<string, WrittenModel>();
  private readonly models: Pick<OpenModels, 'findingsChanged' | 'close'>;

  constructor(models: Pick<OpenModels, 'findingsChanged' | 'close'>) {
    this.models = models;
  }

  /**
   * Remembers what was just written; a page that was opened meanwhile is told. Gives the reason where the new files
   * can't be looked at, so that they can't be taken back; null where all is well. Never throws: what was written was
   * written.
   */
  async remember({
    outPath,
    dataCopies,
    madeFolders,
  }: Pick<WrittenReply, 'outPath' | 'dataCopies' | 'madeFolders'>): Promise<string | null> {
    try {
      this.written.set(outPath, await markWrittenModel(outPath, dataCopies, madeFolders));
      return null;
    } catch (error) {
      return messageOf(error);
    } finally {
      this.models.findingsChanged(outPath);
    }
  }

  /** Whether a file was written here and is as it was then. */
  async canUndo(path: string): Promise<boolean> {
    const model = this.written.get(path);
    return model !== undefined && sameAsWritten(model.model);
  }

  /** Deletes a model that was written here and closes its tabs. Throws `refused` where it was changed or is gone. */
  async undo(path: string): Promise<Undone> {
    const model = this.written.get(path);
    if (!model)
      throw new ChannelwiseError('refused', 'not-ours', 'It was not written since VS Code was opened, so it stays.');
    const copies = await removeWrittenModel(model);
    this.written.delete(path);
    await this.models.close(path);
    return { path, ...copies };
  }
}

/** Says what was deleted, and which copied files stay and why. */
export function undoneText(undone: readonly Undone[]): string {
  const [first, ...more] = undone;
  if (!first) return '';
  const deleted =
    more.length === 0
      ? `${basename(first.path)}${copiesText(first.removed.length)} deleted`
      : `${undone.length} models deleted`;
  const stayed = undone.flatMap((model) => model.stayed);
  const reasons = new Set<StayReason>(stayed.map(({ why }) => why));
  const stays = [...reasons].map((why) => stayText(stayed.filter((copy) => copy.why === why).map(pathOf), why));
  return [`Undone: ${deleted}.`, ...stays].join(' ');
}

function copiesText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ' and the file copied for it' : ` and the ${count} files copied for it`;
}

function pathOf({ path }: { readonly path: string }): string {
  return path;
}

function stayText(paths: readonly string[], why: StayReason): string {
  return `${firstName(paths)} ${paths.length === 1 ? 'stays' : 'stay'} (${why}).`;
}

/** The name of the first of some files, and how many more there are; empty where there is none. */
export function firstName([first, ...more]: readonly string[]): string {
  if (first === undefined) return '';
  return `${basename(first)}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}
