// How many pictures each class has, and which have few.

/** Classes with few pictures: fewer than five, or than half of what the class in the middle has. */
export function thinClasses(labels: readonly string[]): { label: string; count: number }[] {
  const counts = [...countsOf(labels.filter((label) => label))]
  const sizes = counts.map(([, count]) => count).sort((a, b) => a - b)
  const middle = sizes[Math.floor(sizes.length / 2)] ?? 0
  return counts
    .filter(([, count]) => count < 5 || count < middle / 2)
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => a.count - b.count || a.label.localeCompare(b.label))
}

export function countsOf(labels: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}
