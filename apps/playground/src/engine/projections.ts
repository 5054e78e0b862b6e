// How features become places on a map, by name.

export const projections = ['umap', 'pca'] as const
export type Projection = (typeof projections)[number]
