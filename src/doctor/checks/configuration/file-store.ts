import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../check.ts';
import { ok, warn } from '../../finding.ts';

export const fileStore: Check = {
  id: 'D27',
  name: 'file-store',
  area: 'configuration',
  title: 'The records are not kept in a folder that MLflow refuses',
  explain:
    'A tracking store that is a folder (./mlruns, file:///path) is in maintenance mode: since 3.13, stock MLflow refuses it with "The filesystem tracking backend … is in maintenance mode" unless MLFLOW_ALLOW_FILE_STORE=true. mlstow reads and writes it either way. mlflow migrate-filestore moves the records into a database, which is also safer when several processes write.',
  network: false,
  needs: [],
  async run(context) {
    const uri = await context.trackingUri();
    const shown = redactUri(uri);
    const isFolder = /^file:/i.test(uri) || !/^[a-z][a-z0-9+.-]+:/i.test(uri);
    if (!isFolder || uri === 'databricks') return [ok(`the records are kept in ${shown}`)];
    if (context.config.get('tracking.allowFileStore'))
      return [ok(`${shown} is a folder, which MLFLOW_ALLOW_FILE_STORE allows`)];
    return [
      warn(
        `the records are kept in the folder ${shown}, which stock MLflow refuses since 3.13`,
        `set MLFLOW_ALLOW_FILE_STORE=true, or move them: mlflow migrate-filestore --source ${shown.replace(/^file:\/\//, '')} --target sqlite:///mlflow.db`,
      ),
    ];
  },
};
