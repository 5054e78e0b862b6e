// What the threads of a workgroup come to together: their sum or their largest, known to each of them. Where the
// device has subgroups, those find it among themselves without memory, and the workgroup meets once between;
// otherwise a tree in the workgroup's memory, where it meets at each level.
//
// Nothing is taken for granted of a subgroup: neither how many threads it has, nor which, nor that it is full.
// Its threads are counted by subgroupAdd, since devices tell a size that some of their subgroups do not have.

export interface Together {
  /** Name of the WGSL function, which takes a thread's value and its local_invocation_index. */
  name: string
  kind: 'sum' | 'largest'
  type: 'f32' | 'vec3<f32>'
  /** Threads of a workgroup, a power of two. All of them must call it, in uniform control flow. */
  threads: number
  subgroups: boolean
}

/** WGSL of such a function, with the memory that it needs. A program that has one with subgroups must enable them. */
export function together({ name, kind, type, threads, subgroups }: Together): string {
  const both = (a: string, b: string) => (kind === 'sum' ? `${a} + ${b}` : `max(${a}, ${b})`)
  const [nothing, ofSubgroup] =
    kind === 'sum' ? [`${type}()`, 'subgroupAdd'] : [`${type}(-3.4028234e38)`, 'subgroupMax']
  const memory = `var<workgroup> ${name}Partial: array<${type}, ${threads}>;`
  if (subgroups) {
    return `
${memory}
fn ${name}(value: ${type}, thread: u32) -> ${type} {
  let own = ${ofSubgroup}(value);
  let lane = subgroupExclusiveAdd(1u);
  let lanes = subgroupAdd(1u);
  // Each subgroup's number once, at the place of one of its threads.
  ${name}Partial[thread] = select(${nothing}, own, lane == 0u);
  workgroupBarrier();
  var whole = ${nothing};
  for (var i = lane; i < ${threads}u; i += lanes) { whole = ${both('whole', `${name}Partial[i]`)}; }
  return ${ofSubgroup}(whole);
}`
  }
  return `
${memory}
fn ${name}(value: ${type}, thread: u32) -> ${type} {
  ${name}Partial[thread] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (thread < half) {
      ${name}Partial[thread] = ${both(`${name}Partial[thread]`, `${name}Partial[thread + half]`)};
    }
    workgroupBarrier();
  }
  return ${name}Partial[0];
}`
}
