/** Node's strict assertions; a bundle for the browser takes the twin beside this file. */
export { default } from 'node:assert/strict';
