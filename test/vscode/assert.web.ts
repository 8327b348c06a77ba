/** Node's strict assertions, from the package that has them for browsers. */
export { strict as default } from 'assert';
