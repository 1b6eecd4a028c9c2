/** What Azure stores are, known without loading them. */
export const azureManifest = {
  id: 'azure',
  schemes: ['wasbs', 'abfss'],
  load: async () => (await import('./backend.ts')).connectAzure,
} as const;
