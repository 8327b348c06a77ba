/**
 * Why a node needs its tensors as they were, where several rules say the same. The sentence around says which node:
 * "rebuilt for Conv `stem`, because its weights do not fit the channels".
 */
export const TAKEN_OUT = 'a channel was taken out before it';
export const TOO_MANY = 'it makes more channels than a map is kept for';
export const MIXED = 'the channels are mixed or scaled here, and the operator does not commute with that';
export const MIXED_ROUNDING = 'the channels are mixed or scaled here, and rounding does not commute with that';
export const COMPARES_CHANNELS = 'it compares channels with each other';
export const DIFFERENT_AXES = 'two tensors with different channel axes meet here';
export const SHARED_AXIS = 'channels and pixels share an axis here';
export const NOT_ON_AXIS_1 = 'it expects channels on axis 1';
export const NUMBERS_UNKNOWN = 'its numbers are not known before the model runs';
export const WEIGHTS_UNKNOWN = 'its weights are not known before the model runs';
export const WEIGHTS_DO_NOT_FIT = 'its weights do not fit the channels';
export const BIAS_DOES_NOT_FIT = 'its bias does not fit its weights';
export const BIAS_OUT_OF_RANGE = 'the changed bias would leave the range of its type';
export const NO_BIAS = 'a shift has no bias to go into';
export const INTEGERS_TAKE_COPIES = 'quantised weights take only copies of channels';
export const INTEGERS_OVERFLOW = 'the sum of its integer weights would overflow their type';
/** A rule met no flow, which no node that the walk shows it has. */
export const NO_FLOW = 'nothing flows here';
