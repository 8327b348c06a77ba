import { checkRange, type StoredTensor } from '../../tensors/storedTensor.ts';
import { elementType } from './elementTypes.ts';
import { streamDataset } from './hdf5/dataset/dataset.ts';
import { swapped } from './hdf5/edit/replaceDataset.ts';
import type { Hdf5Object, Hdf5Tree } from './hdf5/trees/tree.ts';

/** A dataset of numbers as the file has it, under its path; null for groups and for datasets of anything else. */
export function datasetTensor(tree: Hdf5Tree, { path, dataset }: Hdf5Object): StoredTensor | null {
  const dtype = dataset ? elementType(dataset.datatype) : null;
  if (!dataset || dtype === null) return null;
  const { datatype, space } = dataset;
  const isSwapped = 'bigEndian' in datatype && datatype.bigEndian;
  const tensor: StoredTensor = {
    name: path,
    dtype,
    dims: space.dims,
    place: { tensor: path },
    stream: (range, visit) => {
      checkRange(tensor, range);
      return streamDataset(tree.file, dataset, range, (bytes) =>
        visit(isSwapped ? swapped(bytes, datatype.size) : bytes),
      );
    },
  };
  return tensor;
}
