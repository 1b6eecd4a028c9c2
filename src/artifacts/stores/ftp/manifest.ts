/** What FTP stores are, known without loading them. */
export const ftpManifest = {
  id: 'ftp',
  schemes: ['ftp'],
  load: async () => (await import('./backend.ts')).connectFtp,
} as const;
