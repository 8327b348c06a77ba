import type { PickleMachine } from './pickleMachine.ts';

/** Reads its own arguments and changes the machine. */
export type Instruction = (machine: PickleMachine) => void;
