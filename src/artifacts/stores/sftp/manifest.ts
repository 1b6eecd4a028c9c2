/** What SSH file servers are, known without loading them. */
export const sftpManifest = {
  id: 'sftp',
  schemes: ['sftp'],
  load: async () => (await import('./backend.ts')).connectSftp,
} as const;
