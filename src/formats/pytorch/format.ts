import type { Fact, Format, OpenedFile } from '../format.ts';
import { importRisk, importWarnings } from './imports.ts';
import { openTorch, type TorchFile } from './torchFile.ts';
import { countOf } from '../../text/numbers.ts';
import { LOCAL_AT, LOCAL_BYTES } from '../zip/records.ts';

const ZIP_SIGNATURE = [0x50, 0x4b, 0x03, 0x04];
const PICKLE_PROTOCOLS = [2, 3, 4, 5];
const PROTO = 0x80;
const SCRIPT_NOTE =
  'The code in this TorchScript file may still name the old number of channels (`in_channels : Final[int]`). For ' +
  "torch's own layers that is documentation only: they run by their weights. Code of your own that compares a size " +
  'with it stays as it was.';
/** Other values than tensors that the summary shows. */
const MAX_TEXTS = 60;
const MAX_UNREAD = 3;

/**
 * What torch.save and torch.jit.save write: state dicts, checkpoints, whole modules, TorchScript. Nothing in them is
 * executed.
 */
export const pytorchFormat: Format = {
  id: 'pytorch',
  title: 'PyTorch file',
  holds: 'weights',
  recognise: (head) => isTorchZip(head) || isPickle(head),
  open: async (source, { signal }) => openedFile(await openTorch(source, signal)),
};

/** torch keeps everything in one folder of its archive; Keras and numpy have their entries outside of any. */
function isTorchZip(head: Uint8Array): boolean {
  if (!ZIP_SIGNATURE.every((byte, i) => head[i] === byte)) return false;
  const length = (head[LOCAL_AT.nameLength] ?? 0) + 256 * (head[LOCAL_AT.nameLength + 1] ?? 0);
  const name = head.subarray(LOCAL_BYTES, LOCAL_BYTES + length);
  const cutShort = name.length < length;
  return cutShort || name.includes('/'.charCodeAt(0));
}

function isPickle(head: Uint8Array): boolean {
  return head[0] === PROTO && PICKLE_PROTOCOLS.includes(head[1] ?? 0);
}

function openedFile(file: TorchFile): OpenedFile {
  const unread = unreadTexts(file);
  return {
    facts: [
      { label: 'Format', value: file.title },
      ...file.facts,
      ...partFacts(file),
      ...importFacts(file),
      ...textFacts(file),
    ],
    warnings: [...importWarnings(file.imports), ...unread],
    tensors: file.tensors,
    graph: null,
    hasCode: file.isScript,
    imageUses: file.imageUses,
    writer: {
      splices: (changes) => file.splices(changes),
      record: null,
      notes: [...(file.isScript ? [SCRIPT_NOTE] : []), ...unread],
    },
  };
}

/** A sentence for each tensor that isn't read, the first ones, since an input layer may be among them. */
function unreadTexts({ unread }: TorchFile): string[] {
  const shown = unread.slice(0, MAX_UNREAD);
  const rest = unread.length - shown.length;
  const texts = shown.map(({ name, text }) => `The tensor ${name} is not read, and stays as it is: ${text}.`);
  return rest > 0 ? [...texts, `Neither are ${rest} more tensors.`] : texts;
}

/** True for a line that counts the tensors of one file: of a model in several files it says nothing. */
export function isPartFact({ label }: Fact): boolean {
  return PARTS.has(label);
}

/** How many tensors stand in each part of a checkpoint: model, EMA, optimizer. */
function partFacts({ tensors }: TorchFile): Fact[] {
  const counts = new Map<string, number>();
  for (const { name } of tensors) {
    const [part = ''] = name.split('.', 1);
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const parts = [...counts].filter(([part]) => PARTS.has(part));
  return parts.map(([part, count]) => ({ label: part, value: countOf(count, 'tensor') }));
}

/** What training programs call the parts of a checkpoint; any other first word is a layer's name. */
const PARTS = new Set([
  ...['state_dict', 'model', 'model_state', 'model_state_dict', 'net', 'network', 'params', 'weights', 'module'],
  ...['ema', 'ema_state_dict', 'model_ema', 'params_ema', 'state_dict_ema', 'teacher', 'student'],
  ...['optimizer', 'optimizer_state_dict', 'optimizer_states', 'optim', 'optimizers'],
  ...['scheduler', 'lr_scheduler', 'lr_schedulers', 'scaler', 'callbacks', 'constants', 'generator', 'discriminator'],
]);

function importFacts({ imports }: TorchFile): Fact[] {
  const shown = imports.map((one) => {
    const risk = importRisk(one);
    return `${one.module}.${one.name}${risk === 'harmless' ? '' : ` (${risk})`}`;
  });
  return shown.length === 0 ? [] : [{ label: 'Imports when loaded', value: shown.join(', ') }];
}

function textFacts({ texts }: TorchFile): Fact[] {
  const shown = texts.filter(({ name }) => name !== '').slice(0, MAX_TEXTS);
  const rest = texts.length - shown.length;
  const facts = shown.map(({ name, text }) => ({ label: name, value: text }));
  return rest > 0 ? [...facts, { label: 'Further values', value: `${rest}` }] : facts;
}
