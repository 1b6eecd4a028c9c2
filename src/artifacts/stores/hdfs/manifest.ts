/** What Hadoop file systems are, known without loading them. */
export const hdfsManifest = {
  id: 'hdfs',
  schemes: ['hdfs', 'viewfs'],
  load: async () => (await import('./backend.ts')).connectHdfs,
} as const;
