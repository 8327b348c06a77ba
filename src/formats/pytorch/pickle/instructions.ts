import { CONTAINER_INSTRUCTIONS } from './containerInstructions.ts';
import { LITERAL_INSTRUCTIONS } from './literalInstructions.ts';
import { OBJECT_INSTRUCTIONS } from './objectInstructions.ts';
import type { Instruction } from './instruction.ts';

/** What each instruction does, by its byte. Names and codes are those of Python's pickletools. */
export const INSTRUCTIONS: readonly (Instruction | undefined)[] = table([
  LITERAL_INSTRUCTIONS,
  CONTAINER_INSTRUCTIONS,
  OBJECT_INSTRUCTIONS,
]);

function table(families: readonly Readonly<Record<number, Instruction>>[]): (Instruction | undefined)[] {
  const out: (Instruction | undefined)[] = new Array<undefined>(256).fill(undefined);
  for (const family of families) for (const [code, run] of Object.entries(family)) out[Number(code)] = run;
  return out;
}
