/** One end of a line to another thread: Node's threads and a browser's workers speak through the same. */
export interface ThreadPort {
  /** `given` lists memory and ports that the other side gets, and that are gone here. */
  post(message: unknown, given?: readonly Transferable[]): void;
  /** For the one who listens; what arrived before is not lost. */
  listen(listener: (message: unknown) => void): void;
}

/** A thread that this one started. */
export interface Thread extends ThreadPort {
  /** Called once, when it ended by itself or by a fault. */
  onEnd(listener: (why: string) => void): void;
  end(): Promise<void>;
}

/** What can be handed to another thread without a copy. */
export type Transferable = ArrayBuffer | AnyPort;

/** A MessagePort, of Node or of a browser, and what a browser's worker finds as `self`. */
export interface AnyPort {
  /** Each platform has its own list of what can be given; ours is in all of them. */
  postMessage(message: unknown, given: never[]): void;
  addEventListener(type: 'message', listener: (event: Event) => void): void;
  start?(): void;
  unref?(): void;
}

/** `keepsAlive`: in Node, whether waiting for a message keeps the process running. */
export function threadPort(port: AnyPort, { keepsAlive = true }: { readonly keepsAlive?: boolean } = {}): ThreadPort {
  return {
    post: (message, given = []) => port.postMessage(message, [...given] as never[]),
    listen(listener) {
      port.addEventListener('message', (event) => listener((event as Event & { readonly data: unknown }).data));
      port.start?.();
      if (!keepsAlive) port.unref?.();
    },
  };
}

/** The memory behind bytes that fill it alone, to be given away; nothing where others share it. */
export function ownMemory(bytes: unknown): ArrayBuffer[] {
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return [];
  return bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer] : [];
}
