import { adaptModel } from '../adapt/adaptModel.ts';
import { adaptKeras } from '../adapt/keras/adaptKeras.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { SplicedSource } from '../bytes/splicedSource.ts';
import { basename } from '../files/paths.ts';
import { openKerasFile } from '../formats/keras/kerasFile.ts';
import { openNetwork } from '../formats/keras/openNetwork.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import { WireReader } from '../formats/onnx/scan/wire.ts';
import type { ModelFile } from '../verify/wiring.ts';
import type { OpenModel } from './open/openModel.ts';
import { VERSION } from './version.ts';

/**
 * An adapted model that is never written: the file with the splices applied, read as if it had been. Throws as
 * `adaptModel` does.
 */
export async function adaptedInMemory(
  { path, source, model, ctx, keras }: OpenModel,
  map: ChannelMap,
  signal: AbortSignal | undefined,
): Promise<ModelFile> {
  if (keras) {
    const made = await adaptKeras({ opened: keras, map, signal });
    const written = await openKerasFile(new SplicedSource(source, made.splices), signal);
    const again = await openNetwork(written, signal);
    return { model: again.presented.model, ctx: again.ctx };
  }
  const { splices } = await adaptModel({
    ctx,
    model,
    map,
    version: VERSION,
    source: { name: basename(path), size: source.size },
    signal,
  });
  const adapted = new SplicedSource(source, splices);
  return {
    model: await scanModel(adapted, signal),
    ctx: { wire: new WireReader(adapted, signal), external: ctx.external },
  };
}
