import type { AnyPort } from './thread.ts';
import { ChannelwiseError, type ErrorKind, type ErrorPlace } from '../bytes/errors.ts';

/**
 * What another thread can be asked: arguments and results are plain data. An interface of methods, each `{ args, result
 * }`.
 */
export type MethodsOf<M> = { readonly [N in keyof M]: { readonly args: unknown; readonly result: unknown } };

/** Passed to each call that is answered. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Called with 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Called by what writes a file, when all bytes lie under a temporary name and are still being flushed. */
  readonly onWritten?: (temporaryPath: string) => void;
}

/** What a caller may add to a call. */
export type CallOptions = { readonly [K in keyof CallContext]?: CallContext[K] | undefined };

/** One function per method. Errors they throw travel to the caller. */
export type Answers<M extends MethodsOf<M>> = {
  readonly [N in keyof M]: (args: M[N]['args'], context: CallContext) => Promise<M[N]['result']>;
};

export type RpcRequest =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly args: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | ({ readonly type: 'connect' } & Connection);

/** The first message to a thread says how it reaches what it can't reach by itself. */
export interface Connection {
  /** The port by which it asks for files that lie on no disk. */
  readonly files: AnyPort;
  /** The URI of ONNX Runtime's WebAssembly, for a thread that can't read it from a disk. */
  readonly runtime: string;
}

/** Every call ends in exactly one `done` or `failed`, also when it is cancelled. */
export type RpcReply =
  | { readonly type: 'progress'; readonly id: number; readonly fraction: number }
  | { readonly type: 'written'; readonly id: number; readonly temporaryPath: string }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError };

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly place: ErrorPlace;
}

/** An error as plain data; what is no ChannelwiseError is our own fault and says so. */
export function plainError(error: unknown): PlainError {
  if (error instanceof ChannelwiseError)
    return { kind: error.kind, code: error.code, message: error.message, place: error.place };
  return {
    kind: 'unsupported',
    code: 'internal',
    message: `Channelwise made a mistake: ${error instanceof Error ? error.message : String(error)}`,
    place: {},
  };
}

export function errorFrom({ kind, code, message, place }: PlainError): ChannelwiseError {
  return new ChannelwiseError(kind, code, message, place);
}
