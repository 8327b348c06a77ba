import { INSTRUCTIONS } from './instructions.ts';
import { MAX_INSTRUCTIONS } from './pickleLimits.ts';
import { PickleMachine, type Pickle } from './pickleMachine.ts';
import { PickleReader, pickleMalformed, pickleUnsupported } from './pickleReader.ts';

/** Where a pickle lies. */
export interface PickleOptions {
  /** Where the bytes stand in their file or entry, for messages. */
  readonly base?: number;
  /** How many bytes the pickle can have at most: more than are given where the file goes on. */
  readonly limit?: number;
}

const STOP = 0x2e;

/**
 * Reads one pickle of any protocol symbolically: no import, no call, no recursion. Bytes behind its end are left alone.
 * Throws `malformed` and `unsupported`, code `pickle`, with the offset, and PickleCut where the bytes given end too
 * early.
 */
export function readPickle(bytes: Uint8Array, { base = 0, limit = bytes.length }: PickleOptions = {}): Pickle {
  const machine = new PickleMachine(new PickleReader(bytes, base, limit));
  const { reader } = machine;
  for (let count = 0; ; count++) {
    if (count >= MAX_INSTRUCTIONS)
      throw pickleUnsupported(`it has more than ${MAX_INSTRUCTIONS} instructions`, reader.place());
    machine.start = reader.at;
    const code = reader.uint8();
    if (code === STOP) break;
    const run = INSTRUCTIONS[code];
    if (!run)
      throw pickleMalformed(
        `there is no instruction 0x${code.toString(16).padStart(2, '0')}`,
        reader.place(machine.start),
      );
    run(machine);
  }
  return machine.finish();
}
