// The frame of a program that computes each element of a result from the same elements of its inputs.

import { type Fields, type Program, type Run, spread } from '../program.ts'

const THREADS = 64

/**
 * @param buffers names of the inputs and of the outputs, those last
 * @param options.body WGSL over the element `i`; `T` stands for the element's type
 * @param options.writes how many of the buffers are outputs, which may be read too. Default 1
 */
export function elementwise<F extends Fields>(
  name: string,
  buffers: string[],
  fields: F,
  { body, vectors, writes = 1 }: { body: string; vectors: boolean; writes?: number },
): Program<F & { size: 'u32' }> {
  const type = vectors ? 'vec4<f32>' : 'f32'
  const access = (i: number) => (i >= buffers.length - writes ? 'read_write' : 'read')
  return {
    name: `${name} by ${vectors ? 4 : 1}`,
    fields: { ...fields, size: 'u32' },
    code: () => `
alias T = ${type};
${buffers.map((buffer, i) => `@group(0) @binding(${i}) var<storage, ${access(i)}> ${buffer}: array<T>;`).join('\n')}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${THREADS}u + thread;
  if (i >= p.size) { return; }
  ${body}
}`,
  }
}

/** The workgroups for so many elements. */
export const workgroupsOf = (size: number): Run<Fields>['workgroups'] => [
  ...spread(Math.ceil(size / THREADS)),
  1,
]
