/** What Google Cloud Storage is, known without loading it. */
export const gcsManifest = {
  id: 'gcs',
  schemes: ['gs'],
  load: async () => (await import('./backend.ts')).connectGcs,
} as const;
