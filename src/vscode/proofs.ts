import { ChannelwiseError, isOfKind } from '../bytes/errors.ts';
import { basename } from '../files/paths.ts';
import { contentMark, markWritten, sameAsWritten, type Written } from '../files/written.ts';
import type { AdaptReply, VerifyReply } from '../page/workerMethods.ts';
import type { CallOptions } from '../rpc/messages.ts';
import { messageOf } from '../text/messageOf.ts';
import type { ModelJobs } from './modelJobs.ts';

/** Few files are looked at between two starts of VS Code; older proofs are forgotten. */
const MAX_KEPT = 100;

interface Kept {
  /** The files that the proof is about, as they were. */
  readonly of: readonly Written[];
  readonly proof: VerifyReply;
}

/** What was written, and where. */
export interface WrittenReply extends AdaptReply {
  readonly outPath: string;
}

/** Throws `not-written` where the reply is one of a dry run. */
export function writtenReply(reply: AdaptReply): WrittenReply {
  const { outPath } = reply;
  if (outPath === null) throw new ChannelwiseError('io', 'not-written', 'Nothing was written.');
  return { ...reply, outPath };
}

/** A proof that ran under a file's temporary name. */
interface EarlyProof {
  readonly original: Written;
  /** What the file held when it began. */
  readonly content: string | null;
  readonly proof: VerifyReply;
}

/**
 * Proves adapted files, and remembers what came out for as long as both files and their data files stay as they were.
 */
export class Proofs {
  private readonly jobs: Pick<ModelJobs, 'run'>;
  private readonly changed: (adapted: string) => void;
  private readonly kept = new Map<string, Kept>();

  /** `changed` is called with each file of which `last` gives something new. */
  constructor(jobs: Pick<ModelJobs, 'run'>, changed: (adapted: string) => void) {
    this.jobs = jobs;
    this.changed = changed;
  }

  /** Runs the proof. What goes wrong leaves the file as it is, unproved. */
  async prove(original: string, adapted: string, options: CallOptions): Promise<VerifyReply> {
    const files = await Promise.all([markWritten(original), markWritten(adapted)]).catch(() => null);
    const proof = await this.jobs
      .run('verify', { original, adapted }, options)
      .catch((error: unknown) => unproved(original, error, options.signal));
    this.keep(adapted, files, proof);
    return proof;
  }

  /**
   * Writes an adapted file and proves it. The proof runs while the disk still flushes what was written, and counts once
   * the file has its name; where that fails or is cancelled, the proof is dropped. Throws as `write` does.
   */
  async writeAndProve(
    original: string,
    write: (options: CallOptions) => Promise<AdaptReply>,
    options: CallOptions,
  ): Promise<WrittenReply & { readonly proof: VerifyReply }> {
    const dropped = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, dropped.signal]) : dropped.signal;
    let early: Promise<EarlyProof | null> = Promise.resolve(null);
    const onWritten = (temporaryPath: string): void => {
      early = this.proveEarly(original, temporaryPath, signal);
    };
    try {
      const reply = writtenReply(await write({ ...options, onWritten }));
      const proof = await this.underNewName(reply.outPath, await early);
      return { ...reply, proof: proof ?? (await this.prove(original, reply.outPath, { signal })) };
    } catch (error) {
      dropped.abort();
      throw error;
    }
  }

  /** What the last proof of a file found; null where there is none, or either file is another one now. */
  async last(adapted: string): Promise<VerifyReply | null> {
    const kept = this.kept.get(adapted);
    if (!kept) return null;
    const same = await Promise.all(kept.of.map(sameAsWritten));
    return same.every(Boolean) ? kept.proof : null;
  }

  /** null where the file got its name before it could be read under the temporary one. */
  private async proveEarly(original: string, adapted: string, signal: AbortSignal): Promise<EarlyProof | null> {
    try {
      const [mark, content] = await Promise.all([markWritten(original), contentMark(adapted)]);
      const proof = await this.jobs.run('verify', { original, adapted }, { signal }).catch((error: unknown) => {
        if (isOfKind(error, 'io')) throw error;
        return unproved(original, error, signal);
      });
      return { original: mark, content, proof };
    } catch {
      return null;
    }
  }

  /** Takes over the early proof of the file that has its name now; null where there is none, or of another content. */
  private async underNewName(adapted: string, early: EarlyProof | null): Promise<VerifyReply | null> {
    if (early === null || early.content === null || early.content !== (await contentMark(adapted))) return null;
    const mark = await markWritten(adapted).catch(() => null);
    this.keep(adapted, mark && [early.original, mark], early.proof);
    return early.proof;
  }

  private keep(adapted: string, files: readonly Written[] | null, proof: VerifyReply): void {
    this.kept.delete(adapted);
    if (files) this.kept.set(adapted, { of: [...files, ...proof.dataFiles], proof });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(oldest);
    }
    this.changed(adapted);
  }
}

function unproved(original: string, error: unknown, signal: AbortSignal | undefined): VerifyReply {
  const why = signal?.aborted ? 'verifying was cancelled.' : messageOf(error);
  return {
    verdict: 'unproved',
    statement: `Not verified: ${why}`,
    against: basename(original),
    maxAbs: null,
    maxRel: null,
    tolerance: null,
    runs: [],
    identicalNodes: 0,
    stemNodes: 0,
    bytesCompared: 0,
    runtime: null,
    warnings: [],
    report: [],
    dataFiles: [],
  };
}
