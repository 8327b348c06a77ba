import { csvLine } from '../../../text/csv.ts';
import { mostMoved, type GrayByLayer, type LayerMovement } from './grayByLayer.ts';
import { countOf, percentText } from '../../../text/numbers.ts';

/** So many layers are listed. */
export const LISTED = 10;

/** What the distances come to, in one sentence. */
export function layersStatement({ layers, input, images }: GrayByLayer): string {
  const [most] = mostMoved(layers, 1);
  const on = countOf(images, 'image');
  if (!most || most.relative === null) return `No layer gives numbers that could be compared on ${on}.`;
  const pixels = input === null ? '' : ` The images themselves move by ${percentText(input)}.`;
  return (
    `On ${on} the activations of \`${layerName(most)}\` move most when the colours are taken away: by ` +
    `${percentText(most.relative)} of their size.${pixels}`
  );
}

/** A layer as a line names it. */
export function layerName({ node, tensor }: LayerMovement): string {
  return node || tensor;
}

/** The ten layers that move most, as lines. */
export function layersText(found: GrayByLayer): string[] {
  const rows = mostMoved(found.layers, LISTED).map((layer) => [
    percentText(layer.relative ?? 0),
    `${layer.opType} ${layerName(layer)}`,
    layer.worst ? `${layer.worst.image} ${percentText(layer.worst.relative)}` : '',
  ]);
  const table = [['moves by', 'layer', 'worst image'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = ([moves = '', layer = '', worst = '']: readonly string[]): string =>
    `${moves.padStart(widths[0] ?? 0)}  ${layer.padEnd(widths[1] ?? 0)}  ${worst}`.trimEnd();
  return [layersStatement(found), ...table.map(line)];
}

/** A line of CSV for each layer, in the order in which they run. */
export function layersCsv({ layers }: GrayByLayer): string {
  const head = ['layer', 'operator', 'tensor', 'relative movement', 'worst image', 'its relative movement'];
  const line = ({ node, opType, tensor, relative, worst }: LayerMovement): (string | number | null)[] => [
    node,
    opType,
    tensor,
    relative,
    worst?.image ?? null,
    worst?.relative ?? null,
  ];
  return [head, ...layers.map(line)].map(csvLine).join('');
}
