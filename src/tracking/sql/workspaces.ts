import type { Kysely } from 'kysely';
import { Failure } from '../../core/failure.ts';
import { experimentLocation } from '../locations.ts';
import type { SqlContext } from './context.ts';
import type { Tables } from './tables.ts';

export const DEFAULT_WORKSPACE = 'default';

/**
 * The root below which new experiments of our workspace are placed: the workspace's own, else
 * `<root>/workspaces/<name>` (sqlalchemy_workspace_store.py, `_get_artifact_location`).
 * @throws Failure not-found for a workspace that the database does not hold
 */
export async function workspaceRoot(db: Kysely<Tables>, context: SqlContext): Promise<string> {
  const { workspace, artifactRoot, facts } = context;
  if (workspace === DEFAULT_WORKSPACE) return artifactRoot;
  const row = facts.has('workspaces', 'default_artifact_root')
    ? await db
        .selectFrom('workspaces')
        .select('default_artifact_root')
        .where('name', '=', workspace)
        .executeTakeFirst()
    : undefined;
  if (!row) {
    throw new Failure({
      kind: 'not-found',
      message: `no workspace named ${workspace} in ${context.sessions.label}`,
      subject: workspace,
    });
  }
  return row.default_artifact_root || experimentLocation(artifactRoot, `workspaces/${workspace}`);
}
