import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import type { Dim, Model } from '../../formats/onnx/model.ts';
import { nodeLabel, type ScopeShapes } from '../../graph/shapes/graphScope.ts';
import type { InferredTensor } from '../../graph/shapes/inferred.ts';
import type { Shapes, Contradiction, InferOptions } from '../../graph/shapes/inferredShapes.ts';
import { inferShapes } from '../../graph/shapes/shapes.ts';
import { steeringConstants } from '../../graph/shapes/steering.ts';
import { shownDim } from '../../graph/sizes/dims.ts';
import { refuseWeightsAlone } from '../../jobs/open/openFile.ts';
import { withOpenModel } from '../../jobs/open/openModel.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { contradictionText } from '../model/pageSizes.ts';

export interface ShapedTensor {
  readonly name: string;
  readonly dtype: string | null;
  readonly dims: readonly Dim[] | null;
  readonly reason?: string;
}

export interface ShapesReport {
  readonly file: string;
  readonly tensors: readonly ShapedTensor[];
  /** Tensors inside subgraphs and functions, by the path of the node and what is inside it. */
  readonly inside: readonly { readonly path: string; readonly tensors: readonly ShapedTensor[] }[];
  /** Graphs inside that are not listed, because there are very many. */
  readonly insideLeftOut: number;
  /** Why shapes stayed unknown, with how many tensors each reason concerns. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Sizes that have a name of their own, with the reason. `--bind` takes these names too. */
  readonly symbols: Readonly<Record<string, string>>;
  readonly contradictions: readonly Contradiction[];
}

/** Functions that call functions unfold without end; a reader wants no more than this. */
const MAX_INSIDE = 2000;

/** The shape of every tensor, also inside subgraphs and functions. `bind` gives sizes to symbols. */
export async function shapesOfFile(
  path: string,
  bind: Readonly<Record<string, number>>,
  signal?: AbortSignal,
): Promise<ShapesReport> {
  await refuseWeightsAlone(path);
  return withOpenModel(path, signal, async ({ model, ctx }) => {
    const constants = await steeringConstants(model, ctx);
    return shapesReport(basename(path), boundShapes(model, { constants, bind }));
  });
}

/** Throws `refused` for numbers that no size of the model takes. */
export async function checkBindings(
  path: string,
  bind: Readonly<Record<string, number>>,
  signal?: AbortSignal,
): Promise<void> {
  if (Object.keys(bind).length === 0) return;
  await withOpenModel(path, signal, async ({ model, ctx }) => {
    boundShapes(model, { constants: await steeringConstants(model, ctx), bind });
  });
}

/**
 * Shapes with numbers for names. Throws `refused` for a name that no size has: a typing mistake would change nothing
 * and say nothing.
 */
export function boundShapes(model: Model, options: InferOptions): Shapes {
  const shapes = inferShapes(model, options);
  const [unused] = shapes.unused;
  if (unused === undefined) return shapes;
  const names = shapes.sizes.map((size) => `\`${size}\``).join(', ');
  throw new ChannelwiseError(
    'refused',
    'bind',
    `No size is named \`${unused}\`; ${names ? `the inputs have ${names}` : 'all sizes of the inputs are numbers'}.`,
  );
}

function shapesReport(file: string, shapes: Shapes): ShapesReport {
  const unknown: Record<string, number> = {};
  const inside: { path: string; tensors: ShapedTensor[] }[] = [];
  let insideLeftOut = 0;
  const open: { path: string; shapes: ScopeShapes }[] = [{ path: '', shapes }];
  for (let at = open.shift(); at; at = open.shift()) {
    for (const { reason } of at.shapes.tensors.values()) if (reason) unknown[reason] = (unknown[reason] ?? 0) + 1;
    if (at.path) inside.push({ path: at.path, tensors: listed(at.shapes.tensors) });
    for (const [node, scopes] of at.shapes.inner) {
      for (const scope of scopes) {
        if (inside.length + open.length < MAX_INSIDE)
          open.push({ path: `${at.path ? `${at.path}/` : ''}${nodeLabel(node)}/${scope.label}`, shapes: scope.shapes });
        else insideLeftOut++;
      }
    }
  }
  const contradictions = shapes.contradictions.map((contradiction) => {
    const { declared, inferred } = contradiction;
    if (!declared || !inferred) return contradiction;
    return { ...contradiction, declared: declared.map(shownDim), inferred: inferred.map(shownDim) };
  });
  return {
    file,
    tensors: listed(shapes.tensors),
    inside,
    insideLeftOut,
    unknown,
    symbols: Object.fromEntries(shapes.symbols),
    contradictions,
  };
}

function listed(tensors: ReadonlyMap<string, InferredTensor>): ShapedTensor[] {
  return [...tensors].map(([name, inferredTensor]) => ({
    name,
    dtype: inferredTensor.dtype === null ? null : dtypeName(inferredTensor.dtype),
    dims: inferredTensor.dims?.map(shownDim) ?? null,
    ...(inferredTensor.reason ? { reason: inferredTensor.reason } : {}),
  }));
}

function tensorText({ name, dtype, dims, reason }: ShapedTensor): string {
  const shape = dims ? `[${dims.map((dim) => dim ?? '?').join(', ')}]` : 'unknown';
  return `${name}: ${dtype ?? 'unknown type'} ${shape}${reason ? ` (${reason})` : ''}`;
}

/** The report as lines: a tensor each, then what the names stand for and where the file contradicts itself. */
export function shapesText(report: ShapesReport): string[] {
  return [
    ...report.tensors.map(tensorText),
    ...report.inside.flatMap(({ path, tensors }) => [
      `Inside ${path}:`,
      ...tensors.map((tensor) => `  ${tensorText(tensor)}`),
    ]),
    ...(report.insideLeftOut ? [`${report.insideLeftOut} more graphs inside are not listed.`] : []),
    ...Object.entries(report.symbols).map(([name, reason]) => `${name} is ${reason}`),
    ...report.contradictions.map((contradiction) => `Contradiction at ${contradictionText(contradiction)}`),
  ];
}

/** `--bind batch=1 --bind height=224`, also as one list with commas. */
export function parseBindings(texts: readonly string[]): Record<string, number> {
  const bind: Record<string, number> = {};
  for (const part of texts.flatMap((text) => text.split(','))) {
    const match = /^\s*(.+?)\s*=\s*(\d{1,15})\s*$/.exec(part);
    if (!match?.[1])
      throw new ChannelwiseError(
        'refused',
        'bind',
        `A binding is NAME=NUMBER, such as batch=1, but \`${part}\` is not.`,
      );
    bind[match[1]] = Number(match[2]);
  }
  return bind;
}
