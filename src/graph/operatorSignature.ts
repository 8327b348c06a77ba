/** One input or output by its formal name, such as X or W. A variadic one stands for itself and all that follow. */
export interface FormalValue {
  readonly name: string;
  readonly kind: 'single' | 'optional' | 'variadic';
}

/** An attribute by its name in the standard. */
export interface FormalAttribute {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** What holds where it is left out, as text; null where the operator says nothing. */
  readonly fallback: string | null;
}

/** What one version of an operator reads, gives and can be set to. */
export interface OperatorSignature {
  readonly inputs: readonly FormalValue[];
  readonly outputs: readonly FormalValue[];
  readonly attributes: readonly FormalAttribute[];
}
