import type { Format } from './format.ts';

/** The endings of a format's file names, with their dot. */
export interface Endings {
  /** Opened by default. */
  readonly own: readonly string[];
  /** Other programs use them too; such files are opened by "Open With". */
  readonly shared: readonly string[];
}

/** By format. Here and nowhere else a file is told by its name; what it is its bytes say. */
export const ENDINGS: Readonly<Record<Format['id'], Endings>> = {
  onnx: { own: ['.onnx'], shared: [] },
  safetensors: { own: ['.safetensors'], shared: [] },
  pytorch: { own: ['.pth', '.pth.tar', '.pt'], shared: ['.bin', '.ckpt'] },
  sharded: { own: [], shared: ['.safetensors.index.json', '.bin.index.json'] },
  keras: { own: ['.keras', '.h5'], shared: ['.hdf5'] },
};

/** The format that a file's name promises; null where no format has such names. */
export function formatNamed(fileName: string): Format['id'] | null {
  const name = fileName.toLowerCase();
  const ids = Object.keys(ENDINGS) as Format['id'][];
  return ids.find((id) => [...ENDINGS[id].own, ...ENDINGS[id].shared].some((ending) => name.endsWith(ending))) ?? null;
}

/** Keras 3 loads weights by themselves only from a name that ends so. */
const WEIGHTS_ENDING = '.weights.h5';
const ALL = [WEIGHTS_ENDING, ...Object.values(ENDINGS).flatMap(({ own, shared }) => [...own, ...shared])];

/** A file name's ending where a format has it, as it is written there; '' otherwise. */
export function knownEnding(fileName: string): string {
  const name = fileName.toLowerCase();
  const found = ALL.find((ending) => name.endsWith(ending));
  return found === undefined ? '' : fileName.slice(-found.length);
}
