/** What S3 stores are, known without loading them. */
export const s3Manifest = {
  id: 's3',
  schemes: ['s3', 'r2', 'b2'],
  load: async () => (await import('./backend.ts')).connectS3,
} as const;
