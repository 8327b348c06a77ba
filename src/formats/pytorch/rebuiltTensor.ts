import { DTYPES, rawBytes } from '../../tensors/dtypes.ts';
import { globalName, integerOf, itemsOf, type PickleValue, type Slot } from './pickle/pickleValue.ts';
import { storageBytes, storageName, type StorageName } from './container/storageName.ts';
import { torchDtype } from './torchTypes.ts';

/** A tensor as a pickle rebuilds it: a strided view of a storage. Sizes, strides and offset count elements. */
export interface RebuiltTensor {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly storage: StorageName;
  readonly quantised: boolean;
  /** Where the numbers above stand. */
  readonly slots: { readonly dims: Slot; readonly strides: Slot; readonly offset: Slot };
  /** The memo gives what stands around these numbers to others too, so they can't be changed for this tensor alone. */
  readonly shared: boolean;
}

/** A tensor of a kind that isn't read here, and why. */
export interface UnreadTensor {
  readonly unread: string;
}

/** What rebuilds a tensor from (storage, offset, sizes, strides, …), and at which place further arguments stand. */
interface Rebuild {
  readonly quantised?: boolean;
  readonly dtypeAt?: number;
  readonly metadataAt?: number;
}

const REBUILDS: Readonly<Record<string, Rebuild>> = {
  'torch._utils._rebuild_tensor': {},
  'torch._utils._rebuild_tensor_v2': { metadataAt: 6 },
  'torch._utils._rebuild_tensor_v3': { dtypeAt: 6, metadataAt: 7 },
  'torch._utils._rebuild_qtensor': { quantised: true },
};

const LAZY = 'its numbers are to be negated or conjugated (save it after resolve_neg() or resolve_conj())';

/** What puts something around a tensor, and which argument that is. */
const WRAPPERS: Readonly<Record<string, number>> = {
  'torch._utils._rebuild_parameter': 0,
  'torch._utils._rebuild_parameter_with_state': 0,
  'torch.nn.parameter.Parameter': 0,
  'torch.nn.parameter.Buffer': 0,
};

/** Calls `function` with `args`, then makes the result an instance of a subclass: (function, class, args, state). */
const SUBCLASS_REBUILDS = new Set(['torch._tensor._rebuild_from_type', 'torch._tensor._rebuild_from_type_v2']);

/** A parameter in a subclass of a tensor is two deep; nobody wraps further. */
const MAX_WRAPPERS = 8;

/** A function of torch's and what it is called with. */
interface TorchCall {
  readonly callee: string;
  readonly args: Slot;
}

/**
 * The tensor that a call rebuilds, null where it makes something else. Throws a RangeError with the reason where it
 * contradicts itself.
 */
export function rebuiltTensor(value: PickleValue): RebuiltTensor | UnreadTensor | null {
  const call = unwrapped(value);
  const rebuild = call && Object.hasOwn(REBUILDS, call.callee) ? REBUILDS[call.callee] : undefined;
  if (!call || !rebuild) return null;
  const args = itemsOf(call.args.value) ?? [];
  const [storageSlot, offset, dims, strides] = args;
  if (!storageSlot || !offset || !dims || !strides) throw new RangeError('its arguments are missing');
  const storage = storageName(storageSlot.value);
  if (!storage) return { unread: 'its storage is of a kind that is not known' };
  const dtype = dtypeOf(argument(args, rebuild.dtypeAt)) ?? storage.dtype;
  if (dtype === 'untyped') return { unread: 'its element type is not known' };
  if (isLazy(argument(args, rebuild.metadataAt))) return { unread: LAZY };
  const tensor = {
    dtype,
    dims: integers(dims),
    strides: integers(strides),
    offset: integers(offset)[0] ?? NaN,
    storage,
    quantised: rebuild.quantised ?? false,
    slots: { dims, strides, offset },
    shared: isShared(call.args.value) || isShared(idOf(storageSlot.value)),
  };
  checkView(tensor);
  return tensor;
}

/** The innermost call of torch's that makes a tensor, out of what stands around it. */
function unwrapped(value: PickleValue): TorchCall | null {
  let call = torchCall(value);
  for (let depth = 0; call && depth < MAX_WRAPPERS; depth++) {
    const { callee } = call;
    const items: readonly Slot[] = itemsOf(call.args.value) ?? [];
    if (SUBCLASS_REBUILDS.has(callee)) call = calledWith(items[0], items[2]);
    else if (Object.hasOwn(WRAPPERS, callee)) call = torchCall(items[WRAPPERS[callee] ?? 0]?.value);
    else return call;
  }
  return null;
}

function torchCall(value: PickleValue | undefined): TorchCall | null {
  return value?.kind === 'call' ? calledWith(value.callee, value.args) : null;
}

function calledWith(callee: Slot | undefined, args: Slot | undefined): TorchCall | null {
  const name = globalName(callee?.value);
  return name === null || !args ? null : { callee: name, args };
}

function argument(args: readonly Slot[], at: number | undefined): PickleValue | undefined {
  return at === undefined ? undefined : args[at]?.value;
}

function dtypeOf(value: PickleValue | undefined): number | null {
  return value?.kind === 'global' ? torchDtype(value.module, value.name) : null;
}

/** torch's metadata name what is still to be done to the numbers: {'conj': True}, {'neg': True}. */
function isLazy(metadata: PickleValue | undefined): boolean {
  return metadata?.kind === 'dict' && metadata.entries.some(([, { value }]) => value.kind === 'bool' && value.value);
}

function idOf(value: PickleValue): PickleValue {
  return value.kind === 'persistent' ? value.id.value : value;
}

function isShared(value: PickleValue): boolean {
  if (!('memo' in value)) return true;
  return value.duplicated || value.memo.some((entry) => entry.gets.length > 0);
}

function integers({ value }: Slot): number[] {
  const numbers = value.kind === 'int' ? [value] : (itemsOf(value) ?? []).map((slot) => slot.value);
  return numbers.map((pickleValue) => {
    const number = integerOf(pickleValue);
    if (number === null || number < 0) throw new RangeError('a size, stride or offset is no whole number');
    return number;
  });
}

/** Checks that all elements of the view lie in its storage. */
function checkView(tensor: RebuiltTensor): void {
  const { dtype, dims, strides, storage } = tensor;
  if (dims.length !== strides.length) throw new RangeError(`it has ${dims.length} sizes and ${strides.length} strides`);
  const row = DTYPES[dtype];
  const bytes = row ? rawBytes(row, viewEnd(tensor)) : NaN;
  if (!(bytes <= storageBytes(storage))) throw new RangeError('it reaches beyond its storage');
}

/** The first element of the storage that the view begins at. */
export function viewStart({ offset, storage }: RebuiltTensor): number {
  return offset + storage.viewOffset;
}

/** One behind the last element of the storage that the view reaches. */
export function viewEnd(tensor: RebuiltTensor): number {
  const start = viewStart(tensor);
  if (tensor.dims.includes(0)) return start;
  return tensor.dims.reduce((sum, dim, i) => sum + (dim - 1) * (tensor.strides[i] ?? 0), start) + 1;
}

/** Strides of a tensor whose elements follow one another in row-major order, as torch writes them. */
export function contiguousStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= Math.max(dims[axis] ?? 1, 1);
  }
  return strides;
}
