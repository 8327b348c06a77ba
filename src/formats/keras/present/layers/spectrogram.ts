import { type LayerBuilder, type LayerRule, type Value } from '../layerBuilder.ts';

/** [batch, time] as [batch, bins, frames]: keras/src/layers/preprocessing/mel_spectrogram.py */
function melSpectrogram(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  return builder.layerNode({
    inputs: [builder.plain(builder.only(inputs))],
    attributes: [
      { name: 'bins', int: builder.number(128, 'num_mel_bins') },
      { name: 'stride', int: builder.number(512, 'sequence_stride') },
    ],
    ranks: [3],
  });
}

/** A window over the time of each channel: keras/src/layers/preprocessing/stft_spectrogram.py */
function stftSpectrogram(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const length = builder.number(256, 'frame_length');
  const step = builder.number(Math.floor(length / 2), 'frame_step');
  const fft = builder.number(2 ** Math.ceil(Math.log2(length)), 'fft_length');
  const isSame = builder.text('valid', 'padding') === 'same';
  const isWide = builder.flag(false, 'expand_dims');
  const mode = builder.text('log', 'mode');
  const parts = mode === 'stft' ? 2 : 1;
  const hasOnePart = mode === 'real' || mode === 'imag';
  return builder.layerNode({
    inputs: [builder.plain(builder.only(inputs))],
    attributes: [
      { name: 'kernel_shape', ints: [length] },
      { name: 'strides', ints: [step] },
      { name: 'bins', int: parts * (Math.floor(fft / 2) + 1) },
      // Every bin is a sum for its real part, its imaginary one, or both.
      { name: 'sums', int: hasOnePart || parts === 2 ? 1 : 2 },
      { name: 'expand_dims', int: isWide ? 1 : 0 },
      { name: 'channels_first', int: builder.channelsFirst() ? 1 : 0 },
      ...(isSame ? [{ name: 'auto_pad', string: 'SAME_UPPER' }] : []),
    ],
    ranks: [isWide ? 4 : 3],
  });
}

/** https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/ */
export const SPECTROGRAMS: Readonly<Record<string, LayerRule>> = {
  MelSpectrogram: melSpectrogram,
  STFTSpectrogram: stftSpectrogram,
};
