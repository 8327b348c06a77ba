import { imageInputs } from '../adapt/inputs/imageInputs.ts';
import { planSections } from '../adapt/report/planText.ts';
import { KERAS_MODEL, kerasFilePython } from '../adapt/report/python/kerasFile.ts';
import { asPython, PYTHON_FRAMEWORKS } from '../adapt/report/python/python.ts';
import { basename } from '../files/paths.ts';
import type { AdaptResult } from '../jobs/adaptOptions.ts';
import { compareFiles } from '../jobs/compare.ts';
import { adaptFile, convertToGray } from '../jobs/convert.ts';
import { fileFormat, holdsWeightsAlone, holdWeightsAlone } from '../jobs/open/openFile.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import { variantName, variantOf } from '../jobs/variantName.ts';
import { markedDataFiles, verifyFiles } from '../jobs/verify.ts';
import type { PageProof } from '../protocol/adaptation.ts';
import { packModel } from '../protocol/pack.ts';
import type { Answers, CallContext } from '../rpc/messages.ts';
import { compareText } from '../verify/compare/compareText.ts';
import type { VerifyReport } from '../verify/proof/report.ts';
import { pixelsText, verifyText } from '../verify/proof/statement.ts';
import { madeFrom } from './adaptation.ts';
import { evaluatePage, evaluationSetup } from './evaluatePage.ts';
import { inputLayerFacts, layerFilters } from './inputLayer.ts';
import { grayByLayerPage, measuredTimePage } from './measuredLayers.ts';
import { comparePage } from './pageComparison.ts';
import { inspectAny } from './printed/inspect.ts';
import { shapesOfFile } from './printed/shapes.ts';
import { readPageModel } from './readPage.ts';
import { saveTensor, tensorBlock, tensorStatistics } from './tensorValues.ts';
import { weightsMadeFrom } from './weights/weightsAdaptation.ts';
import { layerInputs, pythonOfWeights, weightsFrameworks } from './weights/weightsAnswers.ts';
import { compareWeightsPage } from './weights/weightsComparison.ts';
import { weightsLayerFacts, weightsLayerFilters } from './weights/weightsLayer.ts';
import type { AdaptReply, WorkerMethods } from './workerMethods.ts';

/** What the worker does for each method. */
export const WORKER_ANSWERS: Answers<WorkerMethods> = {
  readModel: async ({ path, bind }, { signal }) => packModel(await readPageModel(path, signal, bind)),
  convertToGray: async ({ path, ...options }, context) => reply(await convertToGray(path, { ...options, ...context })),
  adapt: async ({ path, ...options }, context) => reply(await adaptFile(path, { ...options, ...context })),
  imageInputs: async ({ path }, { signal }) =>
    (await holdsWeightsAlone(path))
      ? layerInputs(path, signal)
      : withOpenModel(path, signal, async ({ model }) => imageInputs(model.graph)),
  pythonFrameworks: async ({ path }, { signal }) =>
    (await holdsWeightsAlone(path)) ? weightsFrameworks(path, signal) : graphFrameworks(path),
  asPython: async ({ path, ...options }, context) =>
    (await holdsWeightsAlone(path))
      ? pythonOfWeights(path, { ...options, signal: context.signal })
      : pythonOfModel(path, options, context),
  madeFrom: async ({ path }, { signal }) =>
    (await holdsWeightsAlone(path))
      ? weightsMadeFrom(path, signal)
      : withOpenModel(path, signal, ({ model }) => madeFrom(model, path)),
  verify: async ({ original, adapted }, context) => {
    const dataFiles = await markedDataFiles([original, adapted], context.signal);
    const report = await verifyFiles(original, adapted, context);
    return { ...pageProof(report, basename(original)), report: verifyText(report), dataFiles };
  },
  tensorStatistics: ({ path, tensor }, context) => tensorStatistics(path, tensor, context),
  tensorBlock: async ({ path, tensor, ranges }, context) => ({
    texts: await tensorBlock(path, tensor, ranges, context),
  }),
  saveTensor: ({ path, tensor, format, outPath }, context) => saveTensor(path, tensor, { format, outPath }, context),
  inputLayerFacts: async ({ path, layer }, context) =>
    (await holdsWeightsAlone(path)) ? weightsLayerFacts(path, layer, context) : inputLayerFacts(path, layer, context),
  layerFilters: async ({ path, ...args }, context) =>
    (await holdsWeightsAlone(path)) ? weightsLayerFilters(path, args, context) : layerFilters(path, args, context),
  compare: async ({ path, other }, context) =>
    (await holdWeightsAlone(path, other))
      ? compareWeightsPage(path, other, context)
      : comparePage(path, other, context),
  differences: async ({ path, other }, context) => {
    const found = await compareFiles(path, other, context);
    return { identical: found.identical, differences: compareText(found) };
  },
  inspect: ({ path, bind }, { signal }) => inspectAny(path, bind, signal),
  shapes: ({ path, bind }, { signal }) => shapesOfFile(path, bind, signal),
  evaluationSetup: ({ models, folder }, { signal }) => evaluationSetup(models, folder, signal),
  evaluate: (args, context) => evaluatePage(args, context),
  grayByLayer: (args, context) => grayByLayerPage(args, context),
  measureTime: ({ path, bind }, context) => measuredTimePage(path, bind, context),
};

async function graphFrameworks(path: string): Promise<readonly { readonly id: string; readonly title: string }[]> {
  return (await fileFormat(path)).id === 'keras' ? [KERAS_MODEL] : PYTHON_FRAMEWORKS;
}

async function pythonOfModel(
  path: string,
  { map, inputs, framework, adapted }: Omit<WorkerMethods['asPython']['args'], 'path'>,
  context: CallContext,
): Promise<string> {
  const { plan } = await adaptFile(path, { map, inputs, dryRun: true, ...context });
  if ((await fileFormat(path)).id === 'keras')
    return kerasFilePython(plan, basename(adapted ?? variantName(path, variantOf(map))));
  const chosen = PYTHON_FRAMEWORKS.find(({ id }) => id === framework);
  return asPython(plan, chosen?.id ?? 'pytorch');
}

function reply(result: AdaptResult): AdaptReply {
  const { outPath, madeFolders, summary, plan } = result;
  const dataCopies = result.dataCopies.filter(({ present }) => !present).map(({ path }) => path);
  return { outPath, dataCopies, madeFolders, summary, plan: planSections(plan) };
}

function pageProof(report: VerifyReport, against: string): PageProof {
  const { verdict, statement, maxAbs, maxRel, tolerance, seam, runtime, warnings } = report;
  return {
    verdict,
    statement,
    maxAbs,
    maxRel,
    tolerance,
    runtime,
    warnings: [...warnings],
    against,
    runs: report.runs.map(({ on, sizes }) => ({ on: pixelsText(on), sizes: sizesText(sizes) })),
    identicalNodes: seam?.identicalNodes ?? 0,
    stemNodes: seam?.stemNodes ?? 0,
    bytesCompared: seam?.bytesCompared ?? 0,
  };
}

function sizesText(sizes: Readonly<Record<string, readonly number[]>>): string {
  return Object.entries(sizes)
    .map(([name, dims]) => `${name} ${dims.join('×')}`)
    .join(', ');
}
