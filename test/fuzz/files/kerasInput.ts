import { keras3Datasets } from '../../fixtures/keras/functionalFiles.ts';
import { FunctionalNet } from '../../fixtures/keras/functionalNet.ts';
import { writeNets } from '../../fixtures/keras/kerasNet.ts';
import { randomStem } from '../../fixtures/keras/randomStem.ts';
import { weightsHdf5 } from '../../fixtures/keras/weightFiles.ts';
import { utf8 } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { buildZip } from '../../fixtures/zipBuilder.ts';
import { damageBytes, damageJson, seedOf } from './damage.ts';

/** A `.keras` archive before it is zipped. */
interface Archive {
  readonly config: string;
  readonly weights: Uint8Array;
}

/** Undamaged files: HDF5 in several forms, and the parts of archives. */
export interface KerasCorpus {
  readonly hdf5: readonly Uint8Array[];
  readonly archives: readonly Archive[];
}

/** Forms in which h5py writes: old and checksummed headers, pieces, compression, an optimizer's state. */
const FORMS = [
  {},
  { libver: 'latest' },
  { dataset: { chunks: true, compression: 'gzip', shuffle: true } },
  { libver: 'latest', dataset: { chunks: true, fletcher32: true } },
  { optimizer: true },
] as const;

/** Made once for a run, by h5py. */
export function kerasCorpus(): KerasCorpus {
  const nets = FORMS.map((form, i) => [randomStem(new Random(i + 1)), form] as const);
  const weights = weightsHdf5({ 'conv/conv/kernel:0': [3, 3, 3, 8], 'conv/conv/bias:0': [8] }, ['conv']);
  return { hdf5: [...writeNets(nets), weights], archives: [smallArchive()] };
}

function smallArchive(): Archive {
  const net = new FunctionalNet('small', 16);
  const first = net.relu(net.norm(net.conv(net.image, 4, { stride: 2 })));
  const last = net.conv(first, 5, { kernel: 1 });
  return { config: JSON.stringify(net.config(last, 3)), weights: weightsHdf5(keras3Datasets(net)) };
}

/** A Keras file, damaged in its configuration, its HDF5 structures or its bytes. */
export function kerasInput({ hdf5, archives }: KerasCorpus, seed: number, index: number): Uint8Array {
  const random = new Random(seedOf(seed, index));
  if (random.int(2) === 0) return damagedHdf5(random, random.pick(hdf5));
  const { config, weights } = random.pick(archives);
  const entries = [
    { name: 'metadata.json', data: utf8('{"keras_version": "3.3.3"}') },
    { name: 'config.json', data: utf8(random.int(3) === 0 ? config : damageJson(random, config)) },
    { name: 'model.weights.h5', data: random.int(2) === 0 ? weights : damagedHdf5(random, weights) },
  ];
  const archive = buildZip({ entries });
  return random.int(5) === 0 ? damageBytes(random, archive) : archive;
}

/** Half of all bytes are numbers of weights; structures stand in front, and the configuration is text. */
function damagedHdf5(random: Random, bytes: Uint8Array): Uint8Array {
  switch (random.int(3)) {
    case 0:
      return damageBytes(random, bytes);
    case 1:
      return damageStructures(random, bytes);
    default:
      return damageDigits(random, bytes);
  }
}

/** Signatures of HDF5's structures: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html */
const SIGNATURES = ['TREE', 'HEAP', 'SNOD', 'OHDR', 'OCHK', 'FRHP', 'FHDB', 'BTHD', 'BTLF', '\x89HDF'];
/** Bytes behind a signature that may be changed. */
const NEAR = 96;

function damageStructures(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Buffer.from(bytes);
  const signature = random.pick(SIGNATURES);
  const places: number[] = [];
  for (let at = out.indexOf(signature, 0, 'latin1'); at >= 0; at = out.indexOf(signature, at + 1, 'latin1'))
    places.push(at);
  if (places.length === 0) return damageBytes(random, bytes);
  for (let i = random.int(4); i >= 0; i--) {
    const at = random.pick(places) + random.int(NEAR);
    if (at < out.length) out[at] = random.pick([0, 1, 2, 3, 8, 0x10, 0x7f, 0x80, 0xff, random.int(256)]);
  }
  return new Uint8Array(out);
}

function damageDigits(random: Random, bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  const text = Buffer.from(bytes).indexOf('{"class_name"');
  if (text < 0) return damageBytes(random, bytes);
  const digits: number[] = [];
  for (let at = text; at < Math.min(out.length, text + 20_000); at++) {
    const code = out[at] ?? 0;
    if (code >= 0x30 && code <= 0x39) digits.push(at);
  }
  for (let i = random.int(4); i >= 0 && digits.length > 0; i--) out[random.pick(digits)] = 0x30 + random.int(10);
  return out;
}
