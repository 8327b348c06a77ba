/** Paths on a disk, by the rules of the system that this runs on. A browser has the twin beside this file. */
export { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
