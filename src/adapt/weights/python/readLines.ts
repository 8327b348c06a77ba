import { pythonText } from './pythonText.ts';

/** How Python reads a file of weights. */
export type WeightsReader = 'safetensors' | 'torch' | 'script' | 'safetensors-shards' | 'torch-shards';

const LOAD_FILE = 'from safetensors.torch import load_file';
/** A checkpoint keeps dictionaries in dictionaries and lists. */
const FLAT = [
  'def flat(value, name=""):',
  '    """All tensors of a checkpoint under the names that lead to them."""',
  '    if torch.is_tensor(value):',
  '        return {name: value}',
  '    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()',
  '    return {k: v for key, entry in items for k, v in flat(entry, f"{name}.{key}" if name else str(key)).items()}',
];
const INDEX = (path: string): string[] => [
  `with open(${path}) as file:`,
  '    shards = sorted(set(json.load(file)["weight_map"].values()))',
];

/** For each reader the lines that make `state`, a dictionary of tensors by the names that the file has. */
const READERS: Readonly<Record<WeightsReader, (path: string, isNested: boolean) => readonly string[]>> = {
  safetensors: (path) => [LOAD_FILE, `state = load_file(${path})`],
  torch: (path, isNested) => {
    const load = `torch.load(${path}, map_location="cpu")`;
    return isNested ? ['import torch', ...FLAT, `state = flat(${load})`] : ['import torch', `state = ${load}`];
  },
  script: (path) => ['import torch', `state = torch.jit.load(${path}, map_location="cpu").state_dict()`],
  'safetensors-shards': (path) => [
    ...['import json', LOAD_FILE, ...INDEX(path)],
    'state = {name: value for shard in shards for name, value in load_file(shard).items()}',
  ],
  'torch-shards': (path) => [
    ...['import json', 'import torch', ...INDEX(path)],
    'state = {name: value for shard in shards for name, value in torch.load(shard, map_location="cpu").items()}',
  ],
};

/** Reads a file; what stands in front of the network's own names is taken off. */
export function readLines(reader: WeightsReader, fileName: string, prefix: string): string[] {
  const lines = READERS[reader](pythonText(fileName), prefix !== '');
  if (prefix === '') return [...lines];
  const text = pythonText(prefix);
  return [
    ...lines,
    `state = {name[${prefix.length}:]: value for name, value in state.items() if name.startswith(${text})}`,
  ];
}
