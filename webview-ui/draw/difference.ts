/** How a thing differs from the other of two models; doubtful is one that the file contradicts itself about. */
export type Difference = 'added' | 'removed' | 'changed' | 'doubtful';

/** The sign beside the colour, as in the list of differences, or ! for a contradiction. */
export const SIGNS: Readonly<Record<Difference, string>> = { added: '+', removed: '−', changed: '~', doubtful: '!' };
