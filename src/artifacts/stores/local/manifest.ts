/** Local directories, mounts included. */
export const manifest = {
  id: 'local',
  schemes: ['file'],
  load: async () => import('./store.ts'),
} as const;
