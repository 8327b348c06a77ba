import { ChannelwiseError } from '../bytes/errors.ts';
import { cutText } from '../text/cutText.ts';
import { messageOf } from '../text/messageOf.ts';

/** The runtime quotes names from the model, which may be of any length; the telling words come first. */
const MAX_TEXT = 4000;

/** Matches where one of the patterns does, in small or capital letters. */
function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => pattern.source).join('|'), 'i');
}

/** What the runtime's messages mean, most telling first. */
const CAUSES: readonly {
  readonly match: RegExp;
  readonly code: string;
  readonly say: (match: RegExpExecArray) => string;
}[] = [
  {
    match: anyOf(
      /no available backend/,
      /both async and sync fetching/,
      /Cannot find (?:module|package)/,
      /WebAssembly\.(?:instantiate|compile)/,
      /ENOENT/,
      /previous call to 'initWasm/,
    ),
    code: 'runtime-load',
    say: (m) => `ONNX Runtime could not be loaded (${reason(m.input)}).`,
  },
  {
    match: anyOf(
      /bad_alloc/,
      /out of memory/,
      /access out of bounds/,
      /allocation failed/,
      /failed to allocate/,
      /enlarge memory/,
      /maximum size/,
      /Invalid array length/,
    ),
    code: 'runtime-memory',
    say: () => 'ONNX Runtime ran out of memory; the model or its input is too large to be run here.',
  },
  {
    match: /([\w.:]{1,200})\(-?\d{0,9}\) is not a registered function\/op/,
    code: 'runtime-operator',
    say: (m) => `ONNX Runtime lacks the operator ${m[1]}.`,
  },
  {
    match: /Could not find an implementation for (\w+)(?:\((\d+)\))?/,
    code: 'runtime-operator',
    say: (m) => `ONNX Runtime lacks the operator ${m[1]} in this version${m[2] ? ` (${m[2]})` : ''} or for this type.`,
  },
  {
    match: /No Op registered for (\w+)/,
    code: 'runtime-operator',
    say: (m) => `ONNX Runtime lacks the operator ${m[1]}.`,
  },
  {
    match: /Opset (\d+) is under development[^]*official support for domain \S+ is till opset (\d+)/,
    code: 'runtime-model',
    say: (m) => `ONNX Runtime doesn't know opset ${m[1]} of this model yet; it knows opsets up to ${m[2]}.`,
  },
  {
    match: /Unsupported model IR version|not under official support|is only guaranteed/i,
    code: 'runtime-model',
    say: (m) => `ONNX Runtime doesn't know this model's version (${reason(m.input)}).`,
  },
];

/** One plain sentence for whatever the runtime throws: errors, texts, or bare numbers where its C++ code had none. */
export function runtimeError(error: unknown, step: 'open' | 'run'): ChannelwiseError {
  const text = messageOf(error).slice(0, MAX_TEXT);
  for (const { match, code, say } of CAUSES) {
    const found = match.exec(text);
    if (found) return new ChannelwiseError('unsupported', code, say(found));
  }
  if (/^\d+$/.test(text))
    return new ChannelwiseError(
      'unsupported',
      'runtime-memory',
      'ONNX Runtime stopped without a reason; most likely it ran out of memory.',
    );
  const what = step === 'open' ? 'could not open the model' : 'could not run the model';
  return new ChannelwiseError(
    'unsupported',
    step === 'open' ? 'runtime-model' : 'runtime-run',
    `ONNX Runtime ${what} (${reason(text)}).`,
  );
}

/**
 * What failed checks say in front of the words for people: a source file, a C++ function and the condition, or an error
 * inside.
 */
const FOR_MAKERS: readonly RegExp[] = [
  /\S*\/onnxruntime\/\S+:\d+ .* was false\. ?/,
  /\S*\/onnxruntime\/\S+:\d+ .*\[ONNXRuntimeError\] : \d+ : \w+ : /,
  /\S*\/onnxruntime\/\S+:\d+ [^()]*\([^()]*\) /,
];

/** The telling part of a runtime's message, as one short line. */
export function reason(error: unknown): string {
  const text = messageOf(error);
  const told = text.slice(text.lastIndexOf('ERROR_MESSAGE:') + (text.includes('ERROR_MESSAGE:') ? 14 : 1));
  const words = FOR_MAKERS.reduce((line, pattern) => line.replace(pattern, ''), told.replace(/\s+/g, ' '));
  return cutText(words.trim().replace(/\.$/, ''), 200);
}
