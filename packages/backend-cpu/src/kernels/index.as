// The module's exports: one function a kernel, all of the form (parameters, task, worker).
export { matrixProduct } from './matrix-product'
