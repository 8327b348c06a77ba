import type { GlobalValue } from './pickle/pickleValue.ts';

/** What loading the file would import, by what is known of it. */
export type ImportRisk = 'harmless' | 'dangerous' | 'unknown';

/** Names that make plain values, tensors and torch's own layers, and do nothing else. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...names('collections', 'OrderedDict', 'defaultdict', 'deque', 'Counter'),
  ...names('torch._utils', '_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_parameter'),
  ...names('torch._utils', '_rebuild_parameter_with_state', '_rebuild_qtensor', '_rebuild_sparse_tensor'),
  ...names('torch._utils', '_rebuild_meta_tensor_no_storage', '_rebuild_device_tensor_from_numpy'),
  ...names('torch._tensor', '_rebuild_from_type', '_rebuild_from_type_v2'),
  ...names('torch.nn.parameter', 'Parameter', 'Buffer', 'UninitializedParameter'),
  ...names('torch', 'Size', 'device', 'dtype', 'Tensor', 'Generator', 'per_tensor_affine', 'per_channel_affine'),
  ...names('torch', 'strided', 'contiguous_format', 'channels_last', 'preserve_format', 'sparse_coo'),
  ...names('torch.serialization', '_get_layout'),
  ...names('torch.jit._pickle', 'build_intlist', 'build_tensorlist', 'build_doublelist', 'build_boollist'),
  ...names('torch.jit._pickle', 'build_tensor_from_id', 'restore_type_tag'),
  ...numpyNames('numpy.core'),
  ...numpyNames('numpy._core'),
  ...names('numpy', 'ndarray', 'dtype', 'bool_', 'float16', 'float32', 'float64', 'int32', 'int64', 'uint8'),
  ...names('_codecs', 'encode'),
  ...builtinNames('builtins'),
  ...builtinNames('__builtin__'),
  ...names('copyreg', '_reconstructor', '__newobj__'),
  ...names('copy_reg', '_reconstructor', '__newobj__'),
  ...names('argparse', 'Namespace'),
  ...names('types', 'SimpleNamespace'),
  ...names('datetime', 'datetime', 'date', 'time', 'timedelta', 'timezone'),
  ...names('pathlib', 'Path', 'PosixPath', 'WindowsPath', 'PurePath', 'PurePosixPath', 'PureWindowsPath'),
  ...names('pathlib._local', 'Path', 'PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'),
  ...names('decimal', 'Decimal'),
  ...names('fractions', 'Fraction'),
  ...names('uuid', 'UUID'),
]);

/**
 * Modules whose classes are layers, optimizers and settings: making one runs nothing of the file's. Class names begin
 * with a capital letter.
 */
const HARMLESS_CLASSES: readonly RegExp[] = [
  /^torch\.nn\.(modules|quantized|qat|intrinsic)(\.\w+)*$/,
  /^torch\.optim(\.\w+)*$/,
  /^torch\.ao\.(nn|quantization)(\.\w+)*$/,
  /^torchvision\.(models|ops)(\.\w+)*$/,
  /^__torch__(\.\w+)*$/,
];
const CLASS_NAME = /^_?[A-Z]\w*$/;
const STORAGE = /^(torch|torch\.cuda|torch\.storage)$/;
const STORAGE_NAME = /^_?[A-Z]\w*Storage$/;
const DTYPE_NAME = /^(q?u?int\d+|float\d+\w*|bfloat16|complex\d+|bool|half|float|double|long|int|short)$/;

/** Modules that reach files, processes, the network, or code given as text: nothing in a file of weights needs them. */
const DANGEROUS_MODULES: ReadonlySet<string> = new Set(
  [
    'os posix nt posixpath ntpath sys subprocess shutil socket ssl ctypes _ctypes cffi importlib imp runpy code',
    'codeop pty signal multiprocessing asyncio webbrowser urllib http requests httpx aiohttp ftplib smtplib',
    'telnetlib pickle _pickle cPickle dill cloudpickle joblib marshal shelve tempfile glob fileinput io _io',
    'operator _operator functools bdb pdb timeit trace cProfile profile commands popen2 pip distutils',
    'setuptools site atexit gc inspect builtins __builtin__ torch.hub torch.jit torch.load torch.serialization',
    'torch.package torch.utils.cpp_extension',
  ].flatMap((line) => line.split(' ')),
);

/** Parts of the longest name among them. */
const MOST_PARTS = 3;

/** Whether a module, or a package it lies in, is among the dangerous ones. */
function isDangerous(module: string): boolean {
  const parts = module.split('.', MOST_PARTS);
  return parts.some((_, i) => DANGEROUS_MODULES.has(parts.slice(0, i + 1).join('.')));
}

function names(module: string, ...list: string[]): string[] {
  return list.map((name) => `${module}.${name}`);
}

function numpyNames(core: string): string[] {
  return [...names(`${core}.multiarray`, '_reconstruct', 'scalar'), ...names(`${core}.numeric`, '_frombuffer')];
}

function builtinNames(module: string): string[] {
  return names(
    module,
    ...['set', 'frozenset', 'list', 'dict', 'tuple', 'bytes', 'bytearray', 'str', 'unicode', 'int', 'long', 'float'],
    ...['complex', 'bool', 'slice', 'range', 'xrange', 'object', 'NoneType'],
  );
}

/** How an import is judged: known to be harmless, known to reach beyond the file, or not known. */
export function importRisk({ module, name }: GlobalValue): ImportRisk {
  const full = `${module}.${name}`;
  if (HARMLESS.has(full)) return 'harmless';
  if (STORAGE.test(module) && STORAGE_NAME.test(name)) return 'harmless';
  if (module === 'torch' && DTYPE_NAME.test(name)) return 'harmless';
  if (CLASS_NAME.test(name) && HARMLESS_CLASSES.some((pattern) => pattern.test(module))) return 'harmless';
  // Dots in a name walk through attributes: whatever the module, they can lead anywhere.
  return isDangerous(module) || name.includes('.') ? 'dangerous' : 'unknown';
}

/** How many names a sentence lists. */
const MAX_LISTED = 8;

/** One sentence for the names that are dangerous, one for those that aren't known; none where all are harmless. */
export function importWarnings(imports: readonly GlobalValue[]): string[] {
  const of = (risk: ImportRisk): string[] =>
    imports.filter((i) => importRisk(i) === risk).map((i) => `${i.module}.${i.name}`);
  const [dangerous, unknown] = [of('dangerous'), of('unknown')];
  const out: string[] = [];
  if (dangerous.length > 0)
    out.push(`Don't load this file in Python: it would run ${listed(dangerous)}, which no file of weights needs.`);
  if (unknown.length > 0)
    out.push(
      `Loading this file in Python would import ${listed(unknown)}, which Channelwise doesn't know; ` +
        'load it only if you trust where it comes from. Nothing of it was run here.',
    );
  return out;
}

function listed(list: readonly string[]): string {
  const shown = list.slice(0, MAX_LISTED).join(', ');
  return list.length > MAX_LISTED ? `${shown} and ${list.length - MAX_LISTED} more` : shown;
}
