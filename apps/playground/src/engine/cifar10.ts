// What the build puts in the place of @alexnet/cifar10 (vite.config.ts): the page opens with the int8 file of
// @alexnet/cifar10/int8, and the other, twice its size, is not to come with it.

export { cifar10Int8 as cifar10 } from '@alexnet/cifar10/int8'
