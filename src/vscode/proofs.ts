import * as vscode from 'vscode';
import { basename } from '../files/paths.ts';
import { markWritten, sameAsWritten, type Written } from '../files/written.ts';
import type { VerifyReply } from '../page/workerMethods.ts';
import type { CallOptions } from '../jobs/rpc.ts';
import { messageOf } from './errors.ts';
import type { ModelJobs } from './modelJobs.ts';

/** Few files are looked at between two starts of VS Code; older proofs are forgotten. */
const MAX_KEPT = 100;

interface Kept {
  /** The files that the proof is about, as they were. */
  readonly of: readonly Written[];
  readonly proof: VerifyReply;
}

/**
 * Proves adapted files, and remembers what came out for as long as both files and their data files stay as they were.
 */
export class Proofs {
  private readonly jobs: ModelJobs;
  private readonly kept = new Map<string, Kept>();

  constructor(jobs: ModelJobs) {
    this.jobs = jobs;
  }

  /** The proof of a conversion, or null when the setting is off. */
  async ifWanted(original: string, adapted: string, options: CallOptions): Promise<VerifyReply | null> {
    const wanted = vscode.workspace.getConfiguration('channelwise').get('verifyAfterConversion', true);
    return wanted ? this.prove(original, adapted, options) : null;
  }

  /** Runs the proof. What goes wrong leaves the file as it is, unproved. */
  async prove(original: string, adapted: string, options: CallOptions): Promise<VerifyReply> {
    const files = await Promise.all([markWritten(original), markWritten(adapted)]).catch(() => null);
    const proof = await this.run(original, adapted, options);
    this.kept.delete(adapted);
    if (files) this.kept.set(adapted, { of: [...files, ...proof.dataFiles], proof });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(oldest);
    }
    return proof;
  }

  /** What the last proof of a file found; null where there is none, or either file is another one now. */
  async last(adapted: string): Promise<VerifyReply | null> {
    const kept = this.kept.get(adapted);
    if (!kept) return null;
    const same = await Promise.all(kept.of.map(sameAsWritten));
    return same.every(Boolean) ? kept.proof : null;
  }

  private async run(original: string, adapted: string, options: CallOptions): Promise<VerifyReply> {
    try {
      return await this.jobs.run('verify', { original, adapted }, options);
    } catch (error) {
      const why = options.signal?.aborted ? 'the proof was cancelled.' : messageOf(error);
      return unproved(`Not verified: ${why}`, basename(original));
    }
  }
}

function unproved(statement: string, against: string): VerifyReply {
  return {
    verdict: 'unproved',
    statement,
    against,
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
