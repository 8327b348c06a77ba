import { dataTrouble } from '../files/data/external.ts';
import { basename } from '../files/paths.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import { inferShapes } from '../graph/shapes/shapes.ts';
import { steeringConstants } from '../graph/shapes/steering.ts';
import { fileFormat, readCost, withOpenFile, type OpenFile } from '../jobs/open/openFile.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import { inputLayers } from '../jobs/weights/inputLayers.ts';
import type { PageModel } from '../protocol/pageModel.ts';
import type { PageBinding } from '../protocol/sizes.ts';
import { adaptationOf } from './adaptation.ts';
import { inKerasOrder } from './model/kerasOrder.ts';
import { asStored } from './model/kerasWeights.ts';
import { pageModel, type AboutFile } from './model/pageModel.ts';
import { smallConstants } from './model/smallConstants.ts';
import { weightsAdaptation } from './weights/weightsAdaptation.ts';
import { weightsPage } from './weights/weightsPage.ts';

/** Reads a file of any format and turns it into what the page shows: names, shapes and places, never weights. */
export async function readPageModel(path: string, signal?: AbortSignal, bind: PageBinding = {}): Promise<PageModel> {
  const format = await fileFormat(path);
  if (format.id === 'onnx') return readGraphPage(path, { signal, bind });
  const page = await withOpenFile(path, signal, async (open) => (open.file.graph ? aboutOf(open) : readWeights(open)));
  return 'tensors' in page ? page : readGraphPage(path, { signal, bind, about: page });
}

function aboutOf({ format, file }: OpenFile): AboutFile {
  return { format: format.title, facts: [...file.facts], warnings: [...file.warnings] };
}

interface GraphPageOptions {
  readonly signal: AbortSignal | undefined;
  readonly bind: PageBinding;
  /** What the summary says of the file; that of an ONNX file when absent. */
  readonly about?: AboutFile;
}

async function readGraphPage(path: string, { signal, bind, about }: GraphPageOptions): Promise<PageModel> {
  return withOpenModel(path, signal, async ({ source, model, ctx, keras }) => {
    const steering = await steeringConstants(model, ctx);
    const inferred = inferShapes(model, { constants: steering, bind });
    const shown = pageModel(model, {
      fileName: basename(path),
      fileSize: source.size,
      inferred,
      adaptation: await adaptationOf(model, path, inferred, keras?.presented.weights),
      bind,
      constants: await smallConstants(model, ctx, steering),
      ...(about ? { about } : {}),
      views: keras?.presented.weights,
    });
    if (keras) {
      const { weights, turned } = keras.presented;
      return inKerasOrder({ ...shown, inputLayers: asStored(shown.inputLayers, weights) }, turned);
    }
    // Only ONNX models keep weights in files beside them; other graphs name places in their own file.
    return about ? shown : { ...shown, dataTrouble: await dataTrouble(path, externalFiles(model)) };
  });
}

async function readWeights(open: OpenFile): Promise<PageModel> {
  const { path, format, file } = open;
  return weightsPage({
    fileName: basename(path),
    fileSize: readCost(open).fileSize,
    format: format.title,
    opened: file,
    inputLayers: await inputLayers(open),
    adaptation: await weightsAdaptation(open),
  });
}
