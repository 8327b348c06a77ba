import manifest from '../../package.json' with { type: 'json' };

/** The version written into adapted files and shown by the command line. */
export const VERSION: string = manifest.version;
