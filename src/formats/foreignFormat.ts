/** A file that people take for an ONNX model: how its bytes show, and what to do with it. */
interface Foreign {
  readonly what: string;
  readonly advice: string;
  matches(head: Uint8Array): boolean;
}

const EXPORT = 'export the model to ONNX first';

/** Whether `head` has these Latin-1 characters at `at`. */
function starts(text: string, at = 0): (head: Uint8Array) => boolean {
  return (head) => [...text].every((c, i) => head[at + i] === c.charCodeAt(0));
}

const BINARY = 'load it with the program that wrote it and save it as a binary .onnx file';

/** Whether the characters of `head` fit the pattern. */
function says(pattern: RegExp): (head: Uint8Array) => boolean {
  return (head) => pattern.test(String.fromCharCode(...head));
}

const FORMATS: readonly Foreign[] = [
  { what: 'a ZIP archive, as PyTorch and Keras write them', advice: EXPORT, matches: starts('PK\x03\x04') },
  {
    what: 'a Python pickle, as older PyTorch files are',
    advice: EXPORT,
    matches: (head) => head[0] === 0x80 && [2, 3, 4, 5].includes(head[1] ?? 0),
  },
  { what: 'a TensorFlow Lite model', advice: EXPORT, matches: starts('TFL3', 4) },
  {
    what: "a model in ONNX Runtime's own format",
    advice: 'take the .onnx file it was made from',
    matches: starts('ORTM', 4),
  },
  { what: 'a GGUF file', advice: EXPORT, matches: starts('GGUF') },
  { what: 'an ONNX model in text form', advice: BINARY, matches: says(/^\s*<?\s*(ir_version|producer_name)\s*:/) },
  { what: 'an ONNX model in text form', advice: BINARY, matches: says(/^\s*(graph|opset_import)\s*\{/) },
  {
    what: 'an ONNX model in JSON form',
    advice: BINARY,
    matches: says(/^\s*\{\s*"(ir_?version|opset_?import|producer_?name|graph|model_?version|doc_?string)"/i),
  },
  {
    what: 'a JSON file',
    advice: 'give the model that it belongs to',
    matches: says(/^\s*(\{\s*["}]|\[\s*["\d[{\]])/),
  },
  { what: 'an array of numpy', advice: 'give the model that it belongs to', matches: starts('\x93NUMPY') },
  {
    what: 'a tar archive, as PyTorch wrote them before 0.1.10',
    advice: 'unpack it, or load it with torch.load and save it again',
    matches: says(/^[!-~]+\0{8}/),
  },
  { what: 'a gzip archive', advice: 'unpack it first', matches: starts('\x1f\x8b') },
  {
    what: 'a Git LFS pointer, not the file itself',
    advice: 'run `git lfs pull`',
    matches: starts('version https://git-lfs'),
  },
  {
    what: 'a web page',
    advice: 'download the model again',
    matches: says(/^\s*<(!doctype html|html)/i),
  },
];

/**
 * What a file that is no ONNX model seems to be, from its first bytes, as the end of a sentence; null where they tell
 * nothing.
 */
export function foreignFormat(head: Uint8Array): string | null {
  const found = FORMATS.find((foreign) => foreign.matches(head));
  return found ? `it is ${found.what}; ${found.advice}` : null;
}
