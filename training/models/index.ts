/** Model descriptions without tensors: safe to import in a process that never loads a backend. */
export { layoutOf, MAX_PARAMETERS } from "./layout.js";
