import { checkCancelled } from '../../../bytes/cancel.ts';
import { ChannelwiseError, isTellable } from '../../../bytes/errors.ts';
import { cutStem } from '../../proof/stem/stem.ts';
import type { Session } from '../../session.ts';
import { numbersOf, type Value } from '../../values.ts';
import type { Wiring } from '../../wiring.ts';
import type { EvaluationImage } from '../evaluate.ts';
import type { Picture } from '../picture.ts';
import { colourFeed, fitPicture, repeatedFeed, type ImageInput, type Preprocessing } from '../preprocess.ts';
import { measuredLayers, portions, type MeasuredLayer } from './measuredLayers.ts';
import { addPicture, noMovement, relativeMovement, squares, type Movement, type Squares } from './movement.ts';
import { refuseMoreInputs, openOnImages } from '../imageSession.ts';

/** How far one layer's activations move when the pictures lose their colours. */
export interface LayerMovement {
  readonly node: string;
  readonly opType: string;
  /** The first tensor it makes, which names it where its own name is missing or is not the only one. */
  readonly tensor: string;
  /** ‖gray − colour‖ / ‖colour‖ over all pictures together; null where the layer gives nothing but zeros. */
  readonly relative: number | null;
  /** The picture that moved most, and how far. */
  readonly worst: { readonly image: string; readonly relative: number } | null;
}

export interface GrayByLayer {
  /** The same of the pictures themselves, as the model is fed them. */
  readonly input: number | null;
  /** In the order in which they run. */
  readonly layers: readonly LayerMovement[];
  readonly images: number;
  readonly skipped: readonly { readonly image: string; readonly why: string }[];
}

export interface GrayByLayerRequest {
  /** The model that takes colours. */
  readonly model: Wiring;
  readonly input: ImageInput;
  readonly preprocessing: Preprocessing;
  readonly images: readonly EvaluationImage[];
  /** Bytes of activations that one run may give; for tests. */
  readonly portionBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Runs the model on each picture's colours and on its gray, repeated for each channel, which is what an adapted model
 * computes; compares what each layer gives. Layers are looked at in portions and pictures one after another, so memory
 * does not grow with either. Throws `refused` where no picture can be used, what the runtime throws, and `cancelled`.
 */
export async function grayByLayer(request: GrayByLayerRequest): Promise<GrayByLayer> {
  const { model, input, signal, onProgress } = request;
  refuseMoreInputs(model, input);
  const layers = await measuredLayers(model, input);
  const parts = portions(layers, request.portionBytes);
  const fed = noMovement();
  const movements = new Map<MeasuredLayer, Movement>(layers.map((layer) => [layer, noMovement()]));
  const skipped = new Map<string, string>();
  const images = [...request.images];
  for (const [index, part] of parts.entries()) {
    const session = await openPart(model, part, input);
    try {
      for (const [done, image] of images.entries()) {
        checkCancelled(signal);
        const feeds = skipped.has(image.name) ? null : await feedsOf(image, request, skipped);
        if (feeds) {
          if (index === 0) addPicture(fed, image.name, squaresOf([feeds.colour], [feeds.gray]));
          await comparePart(session, { part, image: image.name, input: input.name, feeds, movements });
        }
        onProgress?.((index + (done + 1) / images.length) / parts.length);
      }
    } finally {
      await session.close();
    }
  }
  refuseNoImages(images.length, skipped);
  return {
    input: relativeMovement(fed),
    layers: layers.map((layer) => layerMovement(layer, movements.get(layer) ?? noMovement())),
    images: images.length - skipped.size,
    skipped: [...skipped].map(([image, why]) => ({ image, why })),
  };
}

function refuseNoImages(count: number, skipped: ReadonlyMap<string, string>): void {
  if (skipped.size < count) return;
  const [first] = skipped.values();
  const reason = first === undefined ? '' : `; the first: ${first}`;
  throw new ChannelwiseError('refused', 'no-images', `None of the ${count} images could be used${reason}.`);
}

/** A session of the model that gives the tensors of some layers. */
async function openPart(model: Wiring, part: readonly MeasuredLayer[], input: ImageInput): Promise<Session> {
  const { bytes } = await cutStem(
    model,
    part.flatMap(({ tensors }) => tensors),
  );
  return openOnImages(bytes, input);
}

interface Feeds {
  readonly colour: Value;
  readonly gray: Value;
}

/** A picture both ways; null, and a reason in `skipped`, where it can't be used. */
async function feedsOf(
  image: EvaluationImage,
  { input, preprocessing }: GrayByLayerRequest,
  skipped: Map<string, string>,
): Promise<Feeds | null> {
  let picture: Picture;
  try {
    picture = await image.load();
  } catch (error) {
    if (!isTellable(error)) throw error;
    skipped.set(image.name, error.message);
    return null;
  }
  const fitted = fitPicture(picture, input, preprocessing);
  return { colour: colourFeed(fitted, input, preprocessing), gray: repeatedFeed(fitted, input, preprocessing) };
}

interface Comparison {
  readonly part: readonly MeasuredLayer[];
  readonly image: string;
  readonly input: string;
  readonly feeds: Feeds;
  readonly movements: ReadonlyMap<MeasuredLayer, Movement>;
}

async function comparePart(session: Session, { part, image, input, feeds, movements }: Comparison): Promise<void> {
  const colour = await session.run(new Map([[input, feeds.colour]]));
  const gray = await session.run(new Map([[input, feeds.gray]]));
  for (const layer of part) {
    const movement = movements.get(layer);
    const given = (run: ReadonlyMap<string, Value>): Value[] => layer.tensors.flatMap((name) => run.get(name) ?? []);
    if (movement) addPicture(movement, image, squaresOf(given(colour), given(gray)));
  }
}

/** Of all tensors of a layer together. */
function squaresOf(colour: readonly Value[], gray: readonly Value[]): Squares {
  let [moved, size] = [0, 0];
  for (const [index, value] of colour.entries()) {
    const other = gray[index];
    const one = other ? squares(numbersOf(value), numbersOf(other)) : { moved: NaN, size: NaN };
    moved += one.moved;
    size += one.size;
  }
  return { moved, size };
}

function layerMovement({ node, tensors }: MeasuredLayer, movement: Movement): LayerMovement {
  return {
    node: node.name,
    opType: node.opType,
    tensor: tensors[0] ?? '',
    relative: relativeMovement(movement),
    worst: movement.worst,
  };
}

/** The layers that move most, first ones first where two move alike. */
export function mostMoved(layers: readonly LayerMovement[], most: number): LayerMovement[] {
  return layers
    .filter(({ relative }) => relative !== null)
    .toSorted((a, b) => (b.relative ?? 0) - (a.relative ?? 0))
    .slice(0, most);
}
