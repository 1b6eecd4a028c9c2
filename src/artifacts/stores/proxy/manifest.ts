/** What stores behind a tracking server are, known without loading them. */
export const proxyManifest = {
  id: 'proxy',
  schemes: ['mlflow-artifacts', 'http', 'https'],
  load: async () => (await import('./connect-proxy.ts')).connectProxy,
} as const;
