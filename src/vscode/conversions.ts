import { basename } from '../files/paths.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { markWrittenModel, removeWrittenModel, sameAsWritten, type WrittenModel } from '../files/written.ts';
import type { OpenModels } from './editor/openModels.ts';
import type { WrittenReply } from './proofs.ts';

/** The models that were written since VS Code was opened, so that they can be taken back, each once. */
export class Conversions {
  private readonly written = new Map<string, WrittenModel>();
  private readonly models: Pick<OpenModels, 'findingsChanged' | 'close'>;

  constructor(models: Pick<OpenModels, 'findingsChanged' | 'close'>) {
    this.models = models;
  }

  /** Remembers what was just written; a page that was opened meanwhile is told. */
  async remember({
    outPath,
    dataCopies,
    madeFolder,
  }: Pick<WrittenReply, 'outPath' | 'dataCopies' | 'madeFolder'>): Promise<void> {
    this.written.set(outPath, await markWrittenModel(outPath, dataCopies, madeFolder));
    this.models.findingsChanged(outPath);
  }

  /** Whether a file was written here and is as it was then. */
  async canUndo(path: string): Promise<boolean> {
    const model = this.written.get(path);
    return model !== undefined && sameAsWritten(model.model);
  }

  /**
   * Deletes a model that was written here and closes its tabs; says what was done. Throws `refused` where it was changed
   * or is gone.
   */
  async undo(path: string): Promise<string> {
    const model = this.written.get(path);
    if (!model)
      throw new ChannelwiseError('refused', 'not-ours', 'It was not written since VS Code was opened, so it stays.');
    await removeWrittenModel(model);
    this.written.delete(path);
    await this.models.close(path);
    const copies = model.copies.length > 0 ? ' and the data files copied for it' : '';
    return `Undone: ${basename(path)}${copies} deleted; the original was never changed.`;
  }
}
