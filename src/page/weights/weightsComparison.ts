import { basename, dirname, join, resolve } from '../../files/paths.ts';
import { compareWeightsFiles } from '../../jobs/weights/compareWeightsFiles.ts';
import type { PageComparison, PageDifferenceGroup } from '../../protocol/comparison.ts';
import { packModel } from '../../protocol/pack.ts';
import type { CallOptions } from '../../rpc/messages.ts';
import type { TensorChange } from '../../verify/compare/compareTensors.ts';
import { comparisonStatement, tensorLine } from '../../verify/compare/compareText.ts';
import { differenceGroup } from '../pageComparison.ts';
import { readPageModel } from '../readPage.ts';
import { weightsMadeFrom } from './weightsAdaptation.ts';

/** What can differ between two tensors of one name, or between the names of two files. */
const GROUPS: readonly (readonly [title: string, change: TensorChange['change']])[] = [
  ['Tensors only in the first', 'removed'],
  ['Tensors only in the second', 'added'],
  ['Other shapes', 'dims'],
  ['Other element types', 'dtype'],
  ['Other numbers', 'values'],
];

/**
 * Compares the page's file of weights with another one, tensor by tensor. A file comes second where it was made from
 * the other one. Throws ChannelwiseError for what can't be read, and where the other one holds a graph.
 */
export async function compareWeightsPage(
  path: string,
  otherPath: string,
  { signal, onProgress }: CallOptions,
): Promise<PageComparison> {
  const made = await weightsMadeFrom(path, signal);
  const isSecond = made?.original.path === resolve(otherPath);
  const [first, second] = isSecond ? [otherPath, path] : [path, otherPath];
  const found = await compareWeightsFiles(first, second, { signal, onProgress });
  const groups = GROUPS.map(([title, change]) =>
    group(
      title,
      found.tensors.filter((tensor) => tensor.change === change),
    ),
  );
  const [aName, bName] = shownNames(first, second);
  return {
    own: isSecond ? 'b' : 'a',
    aName,
    bName,
    other: packModel(await readPageModel(otherPath, signal)),
    statement: comparisonStatement(found),
    groups: groups.filter(({ count }) => count > 0),
    marks: { a: [], b: [] },
    alignment: [],
  };
}

function group(title: string, changes: readonly TensorChange[]): PageDifferenceGroup {
  const rows = changes.map((change) => {
    const [sign, text] = tensorLine(change);
    return { sign, text, a: null, b: null };
  });
  return differenceGroup(title, rows);
}

/** Two files of one name are told apart by their folders. */
function shownNames(first: string, second: string): [string, string] {
  const withFolder = (path: string): string => join(basename(dirname(resolve(path))), basename(path));
  if (basename(first) !== basename(second)) return [basename(first), basename(second)];
  return [withFolder(first), withFolder(second)];
}
